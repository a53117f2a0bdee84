"""Everything that can go wrong, for a while: a server with callers, and somebody who breaks what he can.

Nobody may get wrong audio, nobody may be forgotten, and afterwards all is as it was. docs/RELIABILITY.md says more.
"""

import argparse
import json
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from callers import CALLERS, Caller
from harm import Harm
from plan import CALM, FAULTS, plan
from record import Record
from server import Json, Server, fake_engine, wait_until, write_configuration
from verdict import Check, Counters, Summary, checks, table, write_report
from watch import Watch

INSTANCES = 4
LOAD_MS = 100, 900
"""What loading takes, at least and at most; each reload changes it."""
UNIT_US = 1500
"""What each character takes, so that faults meet instances at work."""
LOAD_TIMEOUT = "10s"
"""Also how long a job may stand still before the pool has timed some."""


class Run:
    """One run, from the start of a server to its end."""

    def __init__(self, seed: int, seconds: float, kinds: list[str], directory: Path) -> None:
        """Starts the server."""
        self._seed = seed
        self._seconds = seconds
        self._faults = plan(seed, seconds, kinds)
        self._directory = directory
        self.server = Server(directory, [self._engine(LOAD_MS[0])])
        self.record = Record()

    def finish(self) -> Summary:
        """Lets everything go wrong, and the server end."""
        over = threading.Event()
        watch = Watch(self.server.process.pid)
        harm = Harm(self.server, self.record, self._reload)
        callers = [Caller(n, self._seed, self.server.port, self.record, harm.armed) for n in range(CALLERS)]
        lives = [watch.run, *(caller.run for caller in callers)]
        threads = [threading.Thread(target=live, args=(over,), daemon=True) for live in lives]
        used = _cpu_seconds()
        for thread in threads:
            thread.start()
        harm.run(self._faults)
        recovery = self._recovery()
        time.sleep(max(0, self._seconds - self.record.now()))
        over.set()
        for thread in threads:
            thread.join()
        load = (_cpu_seconds() - used) / self.record.now()
        counters = self._counters()
        restarts = self.server.restarts()
        found = checks(self.record, counters, watch.at_first(), watch.at_last(), recovery)
        return Summary(
            seed=self._seed,
            seconds=self._seconds,
            calls=self.record.sent,
            outcomes=dict(sorted(self.record.outcomes.items())),
            faults=dict(sorted(self.record.faults.items())),
            slowest=self.record.slowest,
            recovery=recovery,
            restarts=restarts,
            load=load,
            checks=[*found, self._end()],
        )

    def _engine(self, load_ms: int) -> Json:
        flags = ["--unit-us", str(UNIT_US), "--load-ms", str(load_ms), "--state-dir", str(self._directory)]
        return fake_engine(*flags, instances=INSTANCES, load_timeout=LOAD_TIMEOUT)

    def _reload(self, size: float) -> str:
        load_ms = round(LOAD_MS[0] + size * (LOAD_MS[1] - LOAD_MS[0]))
        write_configuration(self._directory, [self._engine(load_ms)])
        self.server.process.send_signal(signal.SIGHUP)
        return f"loading takes {load_ms} ms"

    def _recovery(self) -> float | None:
        """Waits for full strength; callers go on meanwhile."""
        while self.record.now() < self._seconds:
            if self._is_at_full_strength():
                last = self.record.timeline[-1].at if self.record.timeline else 0
                return self.record.now() - last
            time.sleep(0.1)
        return None

    def _is_at_full_strength(self) -> bool:
        states = [instance["state"] for instance in self.server.instances()]
        return sum(state in ("ready", "busy") for state in states) >= INSTANCES

    def _counters(self) -> Counters:
        """The server's, when it has noticed that nobody calls any more."""
        wait_until(lambda: self._count().open_utterances == 0, "the server is done with every call")
        return self._count()

    def _count(self) -> Counters:
        requests: Counter[int] = Counter()
        utterances: Counter[str] = Counter()
        open_utterances = 0
        text = httpx.get(f"{self.server.url}/metrics").raise_for_status().text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                count = int(sample.value)
                match sample.name:
                    case "chorus_http_requests_total" if sample.labels["route"] == "/v1/audio/speech" and count:
                        requests[int(sample.labels["status"])] = count
                    case "chorus_utterances_total":
                        utterances[sample.labels["outcome"]] = count
                    case "chorus_utterances_open":
                        open_utterances = count
        return Counters(requests, utterances, open_utterances)

    def _end(self) -> Check:
        name = "SIGTERM: exit 0, no process left"
        try:
            self.server.stop()
        except AssertionError as error:
            return Check(name, passed=False, detail=str(error).partition("\n")[0])
        return Check(name, passed=True, detail="")


def main() -> None:
    """Runs once; status 1 if something is as it must not be."""
    options = _options()
    directory = Path(tempfile.mkdtemp(prefix="chorus-chaos-"))
    print(f"seed {options.seed}, {options.seconds:g} s, log {directory}/chorus.log", file=sys.stderr, flush=True)
    run = Run(options.seed, options.seconds, options.faults, directory)
    try:
        summary = run.finish()
    except (httpx.HTTPError, AssertionError) as error:
        _explain(run.record)
        sys.exit(f"The run came to no end: {error!r}. The server's log: {directory}/chorus.log. Seed: {options.seed}")
    finally:
        run.server.kill()
    print(json.dumps(summary.as_json(), indent=2) if options.json else table(summary))
    if options.report:
        write_report(options.report, summary)
    if not summary.passed:
        _explain(run.record)
        sys.exit(f"Failed. The server's log: {directory}/chorus.log. Again: --seed {options.seed}")
    shutil.rmtree(directory)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=120, help="how long it runs (default: 120)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000), help="to repeat a run")
    parser.add_argument("--faults", type=_kinds, default=list(FAULTS), help=f"only some of: {','.join(FAULTS)}")
    parser.add_argument("--json", action="store_true", help="the summary for programs")
    parser.add_argument("--report", type=Path, metavar="PAGE", help="the page whose last run is replaced by this one")
    options = parser.parse_args()
    if options.seconds < 3 * CALM:
        parser.error(f"--seconds is {options.seconds:g}; a run takes at least {3 * CALM:g} s")
    return options


def _kinds(text: str) -> list[str]:
    kinds = text.split(",")
    if unknown := [kind for kind in kinds if kind not in FAULTS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is none of {', '.join(FAULTS)}")
    return kinds


def _explain(record: Record) -> None:
    """What went wrong, and what somebody did shortly before."""
    for problem in record.problems:
        print(f"\n{problem}", *(f"    {event}" for event in record.before(problem.at)), sep="\n", file=sys.stderr)
    if record.problem_count > len(record.problems):
        print(f"\nand {record.problem_count - len(record.problems)} more", file=sys.stderr)


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
