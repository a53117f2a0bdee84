"""What all measurements share: the weights, how much work they do, and where their processes and files live."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from chorus_chattts.assets import SYNTHETIC_FILE
from chorus_chattts.synthetic import write_assets

Result = TypeVar("Result")

PATIENCE = 120.0
"""Seconds that anything may take that is not said to take longer: the start of a full-size model is about 15."""


class BenchError(Exception):
    """A measurement cannot be made. The message says why."""


@dataclass(frozen=True)
class Effort:
    """How much work is done for a figure. Text is spoken with a fixed number of tokens, 21.3 ms of sound each."""

    comparisons: int
    """How often the ways to call ChatTTS take turns: a machine's own unrest is as large as what is asked."""
    rounds: int
    """How often one instance and two take turns."""
    segment: int
    """Tokens of a segment."""
    long: int
    """Tokens of a long stream."""
    requests: int
    """That each of the clients sends."""
    births: int
    """Instances that are killed and born again."""


FULL = Effort(comparisons=9, rounds=3, segment=64, long=512, requests=3, births=5)
QUICK = Effort(comparisons=1, rounds=1, segment=32, long=96, requests=1, births=1)


@dataclass(frozen=True)
class Workbench:
    """Where everything is."""

    assets: Path
    effort: Effort
    chorus: Path
    """The gateway's program."""
    directory: Path
    """For sockets, logs and configurations; short, because a socket's path may have 107 bytes."""

    def worker_command(self) -> list[str]:
        """A ChatTTS worker, as far as Chorus's placeholders."""
        return [sys.executable, "-m", "chorus_chattts", "--assets", str(self.assets)]


def random_weights(chosen: Path | None, size: Literal["tiny", "full"]) -> Path:
    """The weights that the caller chose, or those in the user's cache, which are written there the first time."""
    if chosen is not None and not (chosen / SYNTHETIC_FILE).exists():
        raise SystemExit(f"{chosen} has no weights that `python -m chorus_chattts.synthetic` wrote; they are needed")
    if chosen is not None:
        return chosen.resolve()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = cache / "chorus" / f"chattts-random-{size}"
    if not (directory / SYNTHETIC_FILE).exists():
        complain(f"writing random weights to {directory} …")
        write_assets(directory, size)
    return directory


def complain(message: str) -> None:
    """Tells people what goes on; the report is standard output's."""
    print(message, file=sys.stderr, flush=True)


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Raises BenchError within it when it takes longer; on the main thread."""

    def give_up(*_: object) -> None:
        raise BenchError(f"it took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def in_parallel(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Makes all the calls at once and returns their results in order; raises what one of them raised."""
    results: dict[int, Result] = {}
    errors: list[BaseException] = []

    def run(number: int, call: Callable[[], Result]) -> None:
        try:
            results[number] = call()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[number] for number in range(len(calls))]
