"""The one line in which work waits for a slot."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from chorus_worker.frames import Event
from chorus_worker.work import Work


class Customer(Protocol):
    """Who ordered the work."""

    number: int
    """That of its socket."""

    def finish(self, work: Work, event: Event) -> None:
        """Takes the last event of work that it ordered."""

    def send(self, *events: Event) -> None:
        """Takes what is to follow that."""

    def leave(self) -> None:
        """No more follows."""

    def serve(self) -> bool:
        """Answers what has come in the meantime. Returns false when nobody is there any more."""

    def end(self) -> None:
        """Nobody is there any more."""


@dataclass(frozen=True)
class Order:
    """Work, and for whom it is."""

    work: Work
    customer: Customer


class WorkQueue:
    """First come, first served. As each connection has two orders at most, their number bounds its length."""

    def __init__(self) -> None:
        """An empty, open queue."""
        self._waiting: deque[Order] = deque()
        self._running: set[Work] = set()
        self._lock = Lock()
        self._is_open = True

    def put(self, order: Order) -> bool:
        """Adds an order; false if the worker is ending."""
        with self._lock:
            if self._is_open:
                self._waiting.append(order)
            return self._is_open

    def take(self) -> Order | None:
        """The next order, which is then running. None when none waits, or the worker is ending."""
        with self._lock:
            if not self._waiting or not self._is_open:
                return None
            order = self._waiting.popleft()
            order.work.moved()
            self._running.add(order.work)
            return order

    def done(self, order: Order) -> None:
        """The order runs no more."""
        with self._lock:
            self._running.remove(order.work)

    def withdraw(self, work: Work) -> bool:
        """Takes back work that still waits; false if it runs already, or is over."""
        with self._lock:
            order = next((order for order in self._waiting if order.work is work), None)
            if order is not None:
                self._waiting.remove(order)
            return order is not None

    def close(self) -> None:
        """No more orders, in or out; those that wait can be withdrawn."""
        with self._lock:
            self._is_open = False

    @property
    def is_open(self) -> bool:
        """Whether it has not been closed."""
        return self._is_open

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def idle_for(self, work: Work | None) -> float | None:
        """Seconds since this work moved if it runs; else since the stillest running work did; None if nothing runs."""
        with self._lock:
            if work is not None and work in self._running:
                return work.idle_for()
            return max((each.idle_for() for each in self._running), default=None)
