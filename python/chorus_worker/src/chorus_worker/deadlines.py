"""Alarms for work that has a deadline."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from chorus_worker.work import Work


class Deadlines:
    """Calls back when work is late. A thread waits for the earliest; it begins with the first deadline there is."""

    def __init__(self) -> None:
        """None is set."""
        self._changed = threading.Condition()
        self._late: dict[Work, Callable[[], None]] = {}
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None

    def set(self, work: Work, late: Callable[[], None]) -> None:
        """Has `late` called when the work's deadline passes, unless it is removed before."""
        if work.deadline is None:
            return
        with self._changed:
            self._late[work] = late
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif work.deadline < self._wakes_at:  # Most come later, and so wake nobody.
                self._changed.notify()

    def remove(self, work: Work) -> None:
        """Forgets about work that has ended."""
        if work.deadline is not None:
            with self._changed:
                self._late.pop(work, None)

    def _run(self) -> None:
        while True:
            for late in self._wait():
                late()

    def _wait(self) -> list[Callable[[], None]]:
        with self._changed:
            self._wakes_at = min((_deadline(work) for work in self._late), default=math.inf)
            if (seconds := self._wakes_at - time.monotonic()) > 0:
                self._changed.wait(min(seconds, threading.TIMEOUT_MAX))
            now = time.monotonic()
            return [self._late.pop(work) for work in list(self._late) if _deadline(work) <= now]


def _deadline(work: Work) -> float:
    return math.inf if work.deadline is None else work.deadline
