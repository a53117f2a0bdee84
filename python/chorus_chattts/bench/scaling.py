"""Threads and instances: how many tokens a second two cores make, shared in different ways."""

import statistics
import time
from functools import partial
from typing import Any

from callers import QUESTIONS
from figure import Figure, number
from instance import THREADS, Slot
from template import Template
from workbench import Workbench, in_parallel

WITHOUT_POLICY_LIMIT = 60.0
"""Seconds after which the collapse has been seen."""

NO_POLICY = ""
"""For OpenMP the same as a variable that is not set, where the SDK would set one."""

TEXT = QUESTIONS[0][0]


def measure(workbench: Workbench) -> list[Figure]:
    """The table, the gain of a second instance, and whether `instances: auto` chooses well."""
    tokens = workbench.effort.segment
    table: dict[tuple[int, int], float] = {}
    for threads in (1, 2):
        with Template(workbench, f"threads-{threads}", _environment(threads)) as template:
            slots = [template.fork().slot for _ in range(2)]
            runs = [{count: _speed(slots[:count], tokens) for count in (1, 2)} for _ in range(workbench.effort.rounds)]
            table |= {(count, threads): statistics.median(run[count] for run in runs) for count in (1, 2)}
            if threads == 1:
                gain = statistics.median(run[2] / run[1] for run in runs)
    best = max(table.values())
    return [
        *(_cell(count, threads, speed) for (count, threads), speed in sorted(table.items())),
        _without_policy(workbench),
        Figure("2 instances × 1 thread, to 1 × 1", gain, "times", at_least=1.7),
        Figure(
            "`instances: auto` (one a core, 1 thread each), to the best of the table",
            table[2, 1] / best * 100,
            "%",
            at_least=100,
        ),
    ]


def _cell(count: int, threads: int, speed: float, more: str = "passive waiting") -> Figure:
    return Figure(f"{count} × {threads}: instances × threads, {more}", speed, "tokens/s")


def _without_policy(workbench: Workbench) -> Figure:
    """Four threads on two cores that wait busily, as OpenMP has them do unless told otherwise."""
    tokens = workbench.effort.segment // 4
    with Template(workbench, "busy", _environment(2) | {"OMP_WAIT_POLICY": NO_POLICY}) as template:
        slots = [template.fork().slot for _ in range(2)]
        try:
            return _cell(
                2, 2, _speed(slots, tokens, WITHOUT_POLICY_LIMIT), f"OpenMP's own waiting, {tokens} tokens each"
            )
        except TimeoutError:
            most = 2 * tokens / WITHOUT_POLICY_LIMIT
            more = f"OpenMP's own waiting; less than {number(most)} tokens/s, given up after {WITHOUT_POLICY_LIMIT:g} s"
            return _cell(2, 2, most, more)


def _speed(slots: list[Slot], tokens: int, limit: float = WITHOUT_POLICY_LIMIT) -> float:
    """Tokens a second of all slots together, each of which speaks a segment of so many tokens."""
    length: dict[str, Any] = {"min_new_token": tokens, "max_new_token": tokens, "stream_batch": tokens}
    # In one chunk, which comes at the end: the limit holds for the whole.
    calls = [partial(slot.speak, TEXT, seed=1, limit=limit, **length) for slot in slots]
    start = time.perf_counter()
    in_parallel(calls)
    return len(slots) * tokens / (time.perf_counter() - start)


def _environment(threads: int) -> dict[str, str]:
    return THREADS | {"OMP_NUM_THREADS": str(threads)}
