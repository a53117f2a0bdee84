"""Fast birth, with a template and without: how long an instance is away when it dies, how much memory is shared."""

import os
import signal
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from callers import QUESTIONS
from child import Child
from figure import Figure
from gateway import Gateway
from instance import Slot, start_alone
from memory import Memory, mean_private, total_pss
from template import Template
from workbench import Workbench, in_parallel

SIBLINGS = 4
TEXT = QUESTIONS[0][0]


def measure_directly(workbench: Workbench) -> list[Figure]:
    """Template and workers without a gateway."""
    times, template, copies = _from_template(workbench)
    cold, separate = _separately(workbench)
    family = total_pss([template, *copies])
    return [
        Figure("death to ready from a template, median", statistics.median(times), "s", at_most=0.5),
        Figure("death to ready from a template, slowest", max(times), "s", remark=f"of {len(times)}"),
        Figure("death to ready without", cold, "s"),
        Figure(f"PSS of {SIBLINGS} instances and their template", family, "MiB"),
        Figure(f"PSS of {SIBLINGS} instances started separately", total_pss(separate), "MiB"),
        Figure("the former, of the latter", family / total_pss(separate) * 100, "%", at_most=40),
        Figure("memory of an instance's own, from a template", mean_private(copies), "MiB"),
        Figure("memory of an instance's own, without", mean_private(separate), "MiB"),
    ]


def measure_through_chorus(workbench: Workbench) -> list[Figure]:
    """As `chorus serve` does it, with its pause of 0.1 s before a restart."""
    figures = []
    for template, name in (True, "with a template"), (False, "without"):
        with Gateway(workbench, f"births-{template}", instances=1, template=template) as gateway:
            seconds = gateway.until_ready_again(gateway.instances()[0], lambda pid: os.kill(pid, signal.SIGKILL))
        figures.append(
            Figure(f"death to ready in `chorus serve`, {name}", seconds, "s", at_most=0.5 if template else None)
        )
    return figures


def _from_template(workbench: Workbench) -> tuple[list[float], Memory, list[Memory]]:
    """Seconds of each birth; the memory of the template, and that of its copies when all have spoken."""
    times = []
    with Template(workbench, "births") as template:
        copy = template.fork()
        for _ in range(workbench.effort.births):
            start = time.perf_counter()
            template.bury(copy)
            copy = template.fork()
            times.append(time.perf_counter() - start)
        copies = [copy, *(template.fork() for _ in range(SIBLINGS - 1))]
        _speak([each.slot for each in copies], workbench)
        return times, Memory.of(template.pid), [Memory.of(each.pid) for each in copies]


def _separately(workbench: Workbench) -> tuple[float, list[Memory]]:
    """Seconds of a birth; the memory of all instances when they have spoken."""
    with ExitStack() as stack:

        def start(number: int) -> tuple[Child, Callable[[], Slot]]:
            worker, connect = start_alone(workbench, f"alone-{number}")
            return stack.enter_context(worker), connect

        victim, connect = start(0)
        connect().close()
        death = time.perf_counter()
        victim.kill()
        first, connect = start(0)
        slots = [connect()]
        seconds = time.perf_counter() - death
        others = [start(number) for number in range(1, SIBLINGS)]
        slots += [connect() for _, connect in others]
        _speak(slots, workbench)
        return seconds, [Memory.of(worker.pid) for worker in (first, *(worker for worker, _ in others))]


def _speak(slots: list[Slot], workbench: Workbench) -> None:
    tokens = workbench.effort.segment // 2
    in_parallel([partial(slot.speak, TEXT, seed=1, min_new_token=tokens, max_new_token=tokens) for slot in slots])
