"""What happened in a run, as far as somebody will want to know."""

import threading
import time
from collections import Counter
from dataclasses import dataclass

MAX_PROBLEMS = 20
"""Problems that are kept whole; of more, only the number."""
NEARBY = 10.0
"""Seconds before a problem whose faults are told with it."""


@dataclass(frozen=True)
class Event:
    """A moment and what happened in it."""

    at: float
    """Seconds since the start of the run."""
    what: str

    def __str__(self) -> str:
        """As a line of a report."""
        return f"{self.at:8.2f} s  {self.what}"


class Record:
    """Faults, outcomes and problems of a run; any thread may write."""

    def __init__(self) -> None:
        """The run starts now."""
        self._start = time.monotonic()
        self._lock = threading.Lock()
        self.faults: Counter[str] = Counter()
        """How often something went wrong, by kind."""
        self.outcomes: Counter[str] = Counter()
        """How calls ended, in words."""
        self.told: Counter[int] = Counter()
        """The statuses of whole answers and of refusals."""
        self.sent = 0
        """Requests that were sent."""
        self.slowest = 0.0
        """Seconds that the slowest whole answer took of those that were read at once."""
        self.timeline: list[Event] = []
        """The faults, in order."""
        self.problems: list[Event] = []
        """What must not be."""
        self.problem_count = 0

    def now(self) -> float:
        """Seconds since the start of the run."""
        return time.monotonic() - self._start

    def fault(self, kind: str, detail: str) -> None:
        """Something goes wrong now, on purpose."""
        with self._lock:
            self.faults[kind] += 1
            self.timeline.append(Event(self.now(), f"{kind}: {detail}"))

    def request_sent(self) -> None:
        """A request has been sent."""
        with self._lock:
            self.sent += 1

    def was_told(self, status: int) -> None:
        """An answer with this status has come whole."""
        with self._lock:
            self.told[status] += 1

    def ended(self, outcome: str, seconds: float | None = None) -> None:
        """A call is over; `seconds` is how long a whole answer took that was read at once."""
        with self._lock:
            self.outcomes[outcome] += 1
            self.slowest = max(self.slowest, seconds or 0)

    def problem(self, what: str) -> None:
        """Something is as it must not be."""
        with self._lock:
            self.problem_count += 1
            if len(self.problems) < MAX_PROBLEMS:
                self.problems.append(Event(self.now(), what))

    def before(self, moment: float) -> list[Event]:
        """The faults shortly before a moment."""
        with self._lock:
            return [event for event in self.timeline if moment - NEARBY <= event.at <= moment]
