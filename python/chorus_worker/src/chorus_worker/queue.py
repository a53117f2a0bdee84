"""The one line in which work waits for a slot."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from wyoming.event import Event

from chorus_worker.work import Work


class Customer(Protocol):
    """Who ordered the work."""

    def finish(self, work: Work, event: Event) -> None:
        """Takes the last event of work that it ordered."""


@dataclass(frozen=True)
class Order:
    """Work, and for whom it is."""

    work: Work
    customer: Customer


class WorkQueue:
    """First come, first served. As each connection has two orders at most, their number bounds its length.

    Connections put orders in on the wire's thread, slots take them out on theirs.
    """

    def __init__(self) -> None:
        """An empty, open queue."""
        self._waiting: deque[Order] = deque()
        self._running: set[Work] = set()
        self._is_open = True
        self._changed = threading.Condition()

    def put(self, order: Order) -> bool:
        """Adds an order; false if the worker is ending."""
        with self._changed:
            if self._is_open:
                self._waiting.append(order)
                self._changed.notify()
            return self._is_open

    def take(self) -> Order | None:
        """Waits for the next order, which is then running; None when the queue has been closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or not self._is_open)
            if not self._is_open:
                return None
            order = self._waiting.popleft()
            order.work.moved()
            self._running.add(order.work)
            return order

    def done(self, order: Order) -> None:
        """The order runs no more."""
        with self._changed:
            self._running.remove(order.work)

    def withdraw(self, work: Work) -> bool:
        """Takes back work that still waits; false if it runs already, or is over."""
        with self._changed:
            order = next((order for order in self._waiting if order.work is work), None)
            if order is not None:
                self._waiting.remove(order)
            return order is not None

    def close(self) -> None:
        """No more orders; slots that wait for one get None."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()

    def idle_for(self, work: Work | None) -> float | None:
        """Seconds since this work moved if it runs; else since the stillest running work did; None if nothing runs."""
        with self._changed:
            if work is not None and work in self._running:
                return work.idle_for()
            return max((each.idle_for() for each in self._running), default=None)
