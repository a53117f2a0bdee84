"""What the wire and the working thread share about a piece of work: is it still wanted, does it move."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from chorus_worker.failures import Cancelled
from chorus_worker.frames import Event


class Send(Protocol):
    """Where the events of work go."""

    def __call__(self, *events: Event) -> None:
        """Takes events for the gateway that are ready together, and returns when the socket has taken them."""


_log = logging.getLogger(__name__)


def discard(*events: Event) -> None:
    """A `Send` for work that nobody listens to."""


class Work:
    """Something a slot does for a connection. Its methods may be called from any thread."""

    def __init__(self, send: Send = discard, deadline: float | None = None) -> None:
        """`send` is for the thread that does the work, and no other."""
        self.send = send
        self.deadline = deadline
        """When nobody will want it any more, on the clock of `time.monotonic`, or None. `cancelled` heeds it."""
        self._cancelled = False
        self._callbacks: list[Callable[[], None]] = []
        self._lock = threading.RLock()  # Reentrant: a callback may look at the work that it belongs to.
        self._moved = time.monotonic()

    @property
    def cancelled(self) -> bool:
        """Nobody wants it any more, or its deadline has passed: stop soon. How it ends does not matter then."""
        return self._cancelled or self._is_late()

    def cancellation(self) -> Cancelled:
        """What becomes of it when it is cancelled."""
        return Cancelled("The deadline has passed." if self._is_late() else "the job was cancelled")

    def cancel(self) -> None:
        """Asks the engine to stop. Chorus, the deadline, a closed connection and SIGTERM do that."""
        with self._lock:
            if self._cancelled:
                return
            self._cancelled = True
            for callback in self._callbacks:
                _call(callback)

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """Within it, `callback` is called once when the work is cancelled; at once if it is already.

        It is called on a thread that answers on the connections, so it must return at once: set a flag, call an
        `interrupt()`. It is never called after the `with` has been left.
        """
        with self._lock:
            if self._is_late():
                self.cancel()
            self._callbacks.append(callback)
            if self._cancelled:
                _call(callback)
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)

    def moved(self) -> None:
        """Notes that the work has moved just now."""
        self._moved = time.monotonic()

    def idle_for(self) -> float:
        """Seconds since it last moved."""
        return time.monotonic() - self._moved

    def _is_late(self) -> bool:
        return self.deadline is not None and self.deadline <= time.monotonic()


def _call(callback: Callable[[], None]) -> None:
    """Calls what an engine gave; what goes wrong in it must not harm the thread it runs on."""
    try:
        callback()
    except Exception:
        _log.exception("An engine's on_cancel callback failed.")
