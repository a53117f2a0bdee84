"""Chorus beside what many would build instead: the same engine in Flask under gunicorn, with as many processes.

Both are measured in one run, in turns, by the same generator of load, and what counts is the ratio. The engine does
nothing, so what is seen is what the servers themselves cost. `python bench.py --help` tells what can be chosen.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from load import Load, PeerError, http_load, socket_load
from servers import REPOSITORY, Server, chorus, free_port, gunicorn, running, worker

SERVICE_SECONDS = 0.06
"""What a job takes when slots are to be kept busy."""

TURNS = 3


@dataclass
class Figures:
    """What one server reached with so many connections, as the median of its turns."""

    p50: float
    p99: float
    rate: float
    cpu_ms: float
    """Milliseconds of processor time for a request, of all processes of the server."""
    first_cpu_ms: float
    """The same of its first process alone."""


def measure(server: Server, load: Callable[[], Load]) -> Figures:
    """One turn."""
    before = server.cpu_by_process()
    measured = load()
    after = server.cpu_by_process()
    if not measured.latencies:
        raise PeerError(f"{server.name} answered nothing in {measured.seconds:.1f} s")
    used = {pid: 1e3 * (seconds - before.get(pid, 0)) / len(measured.latencies) for pid, seconds in after.items()}
    return Figures(
        measured.percentile(0.5), measured.percentile(0.99), measured.rate, sum(used.values()), used[server.pid]
    )


def median_of(turns: list[Figures]) -> Figures:
    """Figure by figure."""
    return Figures(*(median(values) for values in zip(*(vars(turn).values() for turn in turns), strict=True)))


def row(what: str, ours: float, theirs: float | None, limit: float, *, is_floor: bool = False) -> None:
    """Prints a figure of Chorus's beside the other's, or beside nothing, and what it should be in proportion."""
    ratio = ours if theirs is None else ours / theirs
    is_good = ratio >= limit if is_floor else ratio <= limit
    beside = "" if theirs is None else f"{theirs:10.3f}  × {ratio:5.2f}"
    target = f"{'≥' if is_floor else '≤'} {limit}{'' if is_good else '  missed'}"
    print(f"  {what:34}{ours:10.3f}{beside:21}  {target}", flush=True)


def compare_costs(directory: Path, program: Path, instances: int, seconds: float) -> None:
    """What a request costs, by one caller and by many."""
    ports = free_port(), free_port()
    with (
        running(chorus(program, directory, ports[0], instances, 0)) as ours,
        running(gunicorn(directory, ports[1], instances, 0)) as theirs,
    ):
        for connections in 1, 64:
            turns: tuple[list[Figures], list[Figures]] = ([], [])
            for port in ports:
                http_load(port, connections, seconds / 4)  # Until everything is warm.
            for _ in range(TURNS):
                for server, port, found in (ours, ports[0], turns[0]), (theirs, ports[1], turns[1]):
                    found.append(measure(server, partial(http_load, port, connections, seconds)))
            us, them = median_of(turns[0]), median_of(turns[1])
            print(f"\n{connections} at a time, {instances} processes{'Chorus':>22}{'gunicorn':>10}")
            if connections == 1:
                row("p50, ms", us.p50, them.p50, 0.8)
                row("p99, ms", us.p99, them.p99, 1.0)
            else:
                row("requests/s", us.rate, them.rate, 1.2, is_floor=True)
            row("processor time a request, ms", us.cpu_ms, them.cpu_ms, 0.8)
            row("of it the gateway's own, ms", us.first_cpu_ms, None, 0.3)


def compare_saturation(directory: Path, program: Path, instances: int, seconds: float) -> None:
    """How much of the time that slots have they work, when there is always something to do."""
    ports = free_port(), free_port()
    shares = []
    for make, port in (partial(chorus, program), ports[0]), (gunicorn, ports[1]):
        with running(make(directory, port, instances, SERVICE_SECONDS)):
            http_load(port, 2 * instances, 1)
            measured = http_load(port, 2 * instances, seconds)
            shares.append(measured.rate * SERVICE_SECONDS / instances)
    print(f"\n{instances} processes, jobs of {1e3 * SERVICE_SECONDS:.0f} ms{'Chorus':>25}{'gunicorn':>10}")
    print(f"  {'share of the ideal, gunicorn':34}{shares[1]:10.3f}")
    row("share of the ideal", shares[0], None, 0.985, is_floor=True)


def measure_sdk(directory: Path, seconds: float) -> None:
    """What a job costs an engine on the SDK at its own socket."""
    path = str(directory / "worker")
    with running(worker(directory, path)) as server:
        socket_load(path, seconds / 4)
        found = measure(server, partial(socket_load, path, seconds))
    print(f"\nthe SDK at its own socket{'Chorus':>21}")
    row("a job, p50, ms", found.p50, None, 0.35)
    row("processor time a job, ms", found.cpu_ms, None, 0.35)


def main() -> int:
    """Measures everything. Targets that are missed are marked, and are no failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=8, help="processes of the engine (default: 8)")
    parser.add_argument("--seconds", type=float, default=4, help="how long each turn takes (default: 4)")
    parser.add_argument(
        "--bin",
        type=Path,
        default=REPOSITORY / ".build/release",
        help="where chorus is (default: .build/release)",
    )
    arguments = parser.parse_args()
    program = arguments.bin.resolve() / "chorus"
    with tempfile.TemporaryDirectory() as directory:
        try:
            measure_sdk(Path(directory), arguments.seconds)
            compare_costs(Path(directory), program, arguments.instances, arguments.seconds)
            compare_saturation(Path(directory), program, arguments.instances, 2 * arguments.seconds)
        except PeerError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
