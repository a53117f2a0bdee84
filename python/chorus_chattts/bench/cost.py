"""What the engine costs over calling `Chat.infer` directly: time of a segment, first sound, and a long stream.

All ways run by turns in one worker process, on one thread, with the same weights, parameters and seeds
(`compared_worker`).
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callers import QUESTIONS, largest_difference
from child import Child
from figure import Figure
from instance import Slot, start_alone
from workbench import Workbench

ENGINE, DIRECT, STREAM = "engine", "direct", "direct stream"
"""Through the worker's socket; `infer()`; `infer(stream=True)` in the chunks that the engine has it send, too."""

TEXT = QUESTIONS[0][0]

RUN_LIMIT = 240.0
"""Seconds that a text may take; a direct call says nothing until it is over."""


@dataclass(frozen=True)
class Run:
    """A segment spoken in one way."""

    wall: float
    """Seconds, also the next two."""
    cpu: float
    first: float
    pcm: bytes


class ComparedWorker:
    """A worker that speaks in all three ways; used in a `with`."""

    def __init__(self, workbench: Workbench, name: str) -> None:
        """Starts it, and does not wait."""
        script = Path(__file__).with_name("compared_worker.py")
        program = [sys.executable, str(script), "--assets", str(workbench.assets)]
        self._child: Child
        self._child, self._connect = start_alone(workbench, name, program)

    def __enter__(self) -> "ComparedWorker":
        """Waits until it is ready."""
        try:
            self._slot: Slot = self._connect()
        except BaseException:
            self._child.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it."""
        self._child.stop()

    def run(self, way: str, tokens: int, *, text: str = TEXT, voice: int = 1, seed: int = 1) -> Run:
        """Speaks a text with exactly so many tokens."""
        length = {"min_new_token": tokens, "max_new_token": tokens, "pass_first_n_batches": 0}
        cpu = _cpu_seconds(self._child.pid)
        speech = self._slot.speak(text, voice=f"speaker-{voice}", seed=seed, limit=RUN_LIMIT, way=way, **length)
        if way == ENGINE:
            return Run(speech.total, _cpu_seconds(self._child.pid) - cpu, speech.first, speech.pcm)
        return Run(**json.loads(speech.notes[-1]), pcm=speech.pcm)


def measure(workbench: Workbench) -> list[Figure]:
    """All figures of this module."""
    effort = workbench.effort
    with ComparedWorker(workbench, "compared") as worker:
        for way in (ENGINE, DIRECT, STREAM):  # First words are slower.
            worker.run(way, effort.segment // 2)
        rounds = [_round(worker, number, effort.segment) for number in range(effort.comparisons)]
        long = {way: worker.run(way, effort.long) for way in (STREAM, ENGINE)}
    return [*_segment_figures(rounds, effort.segment), *_long_figures(rounds, long, effort.long)]


def _round(worker: ComparedWorker, number: int, tokens: int) -> dict[str, Run]:
    """Each way once, each round in another order."""
    ways = [ENGINE, STREAM, DIRECT]
    turn = number % len(ways)
    return {way: worker.run(way, tokens, seed=number) for way in ways[turn:] + ways[:turn]}


def _segment_figures(rounds: list[dict[str, Run]], tokens: int) -> list[Figure]:
    what = f"a segment of {tokens} tokens through the worker"
    return [
        _added(f"{what}, added to `infer(stream=True)`: wall", rounds, STREAM, lambda run: run.wall, at_most=2),
        _added(f"{what}, added to `infer(stream=True)`: CPU", rounds, STREAM, lambda run: run.cpu, at_most=2),
        _added(f"{what}, added to `infer(stream=False)`: wall", rounds, DIRECT, lambda run: run.wall),
        _added(f"{what}, added to `infer(stream=False)`: CPU", rounds, DIRECT, lambda run: run.cpu),
        _added(
            "first sound, added to ChatTTS's own quickest clean stream",
            rounds,
            STREAM,
            lambda run: run.first,
            at_most=2,
        ),
        Figure("first sound, through the worker", _median(rounds, ENGINE, lambda run: run.first), "s"),
        Figure(f"`infer(stream=False)`, {tokens} tokens", _median(rounds, DIRECT, lambda run: run.wall), "s"),
    ]


def _long_figures(rounds: list[dict[str, Run]], long: dict[str, Run], tokens: int) -> list[Figure]:
    pairs = [(each[ENGINE].pcm, each[STREAM].pcm) for each in (*rounds, long)]
    return [
        Figure(
            f"a stream of {tokens} tokens, to ChatTTS's own",
            long[ENGINE].wall / long[STREAM].wall * 100,
            "%",
            at_most=100,
            remark=f"{long[ENGINE].wall:.1f} s to {long[STREAM].wall:.1f} s",
        ),
        Figure(
            "largest difference of a sample from ChatTTS's own streams",
            max(largest_difference(*pair) for pair in pairs),
            "LSB of 16 bits",
            at_most=1,
            remark=f"{len(pairs)} streams",
        ),
    ]


def _added(
    name: str, rounds: list[dict[str, Run]], base: str, of: Callable[[Run], float], at_most: float | None = None
) -> Figure:
    ratios = sorted((of(each[ENGINE]) / of(each[base]) - 1) * 100 for each in rounds)
    remark = f"{len(rounds)} rounds: {ratios[0]:+.1f} to {ratios[-1]:+.1f}"
    return Figure(name, statistics.median(ratios), "%", at_most=at_most, remark=remark)


def _median(rounds: list[dict[str, Run]], way: str, of: Callable[[Run], float]) -> float:
    return statistics.median(of(each[way]) for each in rounds)


def _cpu_seconds(pid: int) -> float:
    """CPU time of a process, exact to nanoseconds: the clock that clock_getcpuclockid(3) names."""
    return time.clock_gettime(~pid << 3 | 2)
