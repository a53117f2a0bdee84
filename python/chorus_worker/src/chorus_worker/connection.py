"""One connection of a gateway, or of any other Wyoming client."""

from __future__ import annotations

import logging
import select
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from chorus_worker.deadlines import Deadlines
from chorus_worker.failures import BadRequest, Failure
from chorus_worker.frames import BrokenFrame, Decoder, Event, encoded
from chorus_worker.memory import MemoryReports
from chorus_worker.queue import Order, WorkQueue
from chorus_worker.requests import Release, read_job, read_voice_order
from chorus_worker.values import JSON
from chorus_worker.work import Send, Work

MAX_UNSENT_BYTES = 64 * 1024
"""From a client that leaves more than this of its answers unread nothing is read."""

_READ_BYTES = 64 * 1024

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """What all connections of a worker share."""

    info: Event
    reports: MemoryReports
    queue: WorkQueue
    deadlines: Deadlines


class Connection:
    """Answers what comes on a socket, and carries the events of its work.

    The wire gives it to whichever thread is free when something has come. The thread that does the work writes its
    events itself: handing each to another thread costs more than all the rest.
    """

    def __init__(self, connected: socket.socket, service: Service, poll: select.epoll) -> None:
        """The socket is the connection's own from now on. `poll` tells the wire of it."""
        connected.setblocking(False)
        self.number = connected.fileno()
        """That of its socket, as the wire is told it."""
        self._socket = connected
        self._service = service
        self._poll = poll
        self._decoder = Decoder()
        self._reading = Lock()
        self._writing = Lock()
        """Guards what is unsent, and that events are not mixed."""
        self._unsent = bytearray()
        self._lock = Lock()
        """Guards what follows."""
        self._work: Work | None = None
        self._release: Release | None = None
        self._users = 0
        """Orders whose last event has not been written yet."""
        self._is_over = False

    def watch(self) -> None:
        """Has the wire told when something has come."""
        self._poll.register(self._socket, select.EPOLLIN | select.EPOLLONESHOT)

    def serve(self) -> bool:
        """Answers what has come so far. Returns false when the connection is over: then `end` must be called."""
        if self._is_over:
            return False
        if not self._reading.acquire(blocking=False):
            return True  # Another thread does.
        try:
            is_open = self._serve()
        except (BrokenFrame, OSError, RecursionError, UnicodeEncodeError) as error:
            _log.warning("A connection ends: %s", error)
            is_open = False
        finally:
            self._reading.release()
        if is_open:
            self._attend()
        return is_open

    def end(self) -> None:
        """Nobody is there any more, or is to be: its work ends soon, and its socket is closed after that."""
        with suppress(OSError, ValueError):  # It may be over already.
            self._poll.unregister(self._socket)
            self._socket.shutdown(socket.SHUT_RDWR)
        self.cancel()
        with self._lock:
            self._is_over = True
            release = self._release
        if release is not None and self._service.queue.withdraw(release):
            self._forget(release)
            self.leave()
        with self._lock:
            self._close_if_unused()

    def cancel(self, work: Work | None = None) -> None:
        """Ends the work of this connection soon, if it has any, and if it is this one where one is named."""
        with self._lock:
            if self._work is None or work not in {None, self._work}:
                return
            work = self._work
        if self._service.queue.withdraw(work):
            self._refuse(work)
        else:
            work.cancel()

    def send(self, *events: Event) -> None:
        """Writes events together, and returns when the socket has taken them; for the thread that does the work.

        So what a slow reader leaves unread is little more than one event.
        """
        self._write(*events)
        self._wait_until_sent()

    def _wait_until_sent(self) -> None:
        while self._unsent:
            writable = select.poll()
            writable.register(self._socket, select.POLLOUT)
            writable.poll()
            with self._writing:
                self._flush()

    def finish(self, work: Work, event: Event) -> None:
        """Writes the last event of the work; as `send`. `leave` and `serve` must follow.

        Until then the wire hears nothing of this connection: what comes next is for the slot that calls this, and no
        other thread is to be woken for it.
        """
        with suppress(OSError, ValueError):  # It has ended in the meantime.
            self._poll.modify(self._socket, 0)
        self._write(event, last_of=work)
        self._wait_until_sent()

    def leave(self) -> None:
        """No more comes of work that was finished."""
        with self._lock:
            self._users -= 1
            self._close_if_unused()

    def _serve(self) -> bool:
        if self._unsent:
            with self._writing:
                self._flush()
        if len(self._unsent) <= MAX_UNSENT_BYTES:
            with suppress(BlockingIOError):
                more = self._socket.recv(_READ_BYTES)
                if not more:
                    if self._decoder.is_within_event:
                        raise BrokenFrame("the connection ended within an event")
                    return False
                self._decoder.feed(more)
        while len(self._unsent) <= MAX_UNSENT_BYTES and (event := self._decoder.next()) is not None:
            self._handle(event)
        return True

    def _handle(self, event: Event) -> None:
        match event.type, event.data.get("name"):
            case "synthesize", _:
                self._accept(event, read_job)
            case "describe", _:
                self._write(self._service.info, self._service.reports.latest)
            case "ping", _:
                self._pong(event)
            case "user-event", "chorus.voice":
                self._accept(event, read_voice_order)
            case "user-event", "chorus.cancel":
                self.cancel()
            case "user-event", "chorus.release":
                self._give_back()

    def _pong(self, ping: Event) -> None:
        text = ping.data.get("text")
        data: dict[str, JSON] = {"text": text if isinstance(text, str) else None}
        idle = self._service.queue.idle_for(self._work)
        if idle is not None:
            data["idle_for"] = round(idle, 3)
        self._write(Event("pong", data))

    def _give_back(self) -> None:
        """Orders it; asked twice before it is done, it is done once."""
        with self._lock:
            if self._release is not None:
                return
            self._release = release = Release()
            self._users += 1
        if not self._service.queue.put(Order(release, self)):
            self._forget(release)
            self.leave()

    def _accept(self, event: Event, read: Callable[[Event, Send], Work]) -> None:
        with self._writing:  # Once the client has seen the last event of its work it has none.
            is_busy = self._work is not None
        try:
            if is_busy:
                raise BadRequest("this connection has a job; wait for its end, or use another connection")
            work = read(event, self.send)
        except BadRequest as error:
            self._write(Failure.of(error).event())
            return
        with self._lock:
            self._work = work
            self._users += 1
        self._service.deadlines.set(work, lambda: self.cancel(work))
        if not self._service.queue.put(Order(work, self)):
            self._refuse(work)
        elif work.cancelled:  # Before it could be withdrawn.
            self.cancel(work)

    def _refuse(self, work: Work) -> None:
        """Answers for work that no slot will do."""
        self._write(Failure.of(work.cancellation()).event(), last_of=work)
        self.leave()

    def _forget(self, work: Work) -> None:
        """From now on the client may ask for other work."""
        self._service.deadlines.remove(work)
        with self._lock:
            if work is self._work:
                self._work = None
            else:
                self._release = None

    def _write(self, *events: Event, last_of: Work | None = None) -> None:
        """Writes events as far as the socket takes them now, and has the wire see to the rest.

        If the other end is gone nothing is written: `serve` sees that, too. Work whose last event it is, is forgotten
        behind that and before anything else is written: what comes of the next work comes later.
        """
        parts = [part for event in events for part in encoded(event)]
        with self._writing:
            is_written = self._written(parts)
            if last_of is not None:
                self._forget(last_of)
        if not is_written:
            self._attend()

    def _written(self, parts: list[bytes]) -> bool:
        """Writes them, in the lock; false if some of it is left."""
        if self._unsent:
            self._unsent += b"".join(parts)
            return False
        try:
            sent = self._socket.sendmsg(parts)
        except BlockingIOError:
            sent = 0
        except OSError:
            return True
        if sent < sum(map(len, parts)):
            self._unsent += b"".join(parts)[sent:]
        return not self._unsent

    def _flush(self) -> None:
        """Writes the unsent bytes; the caller holds `_writing`. If the peer has gone they are dropped."""
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent.clear()

    def _attend(self) -> None:
        """Has the wire tell, once, when more has come, or when the socket takes more."""
        with self._writing, suppress(OSError, ValueError):  # It has ended in the meantime.
            events = select.EPOLLONESHOT
            if self._unsent:
                events |= select.EPOLLOUT
            if len(self._unsent) <= MAX_UNSENT_BYTES:
                events |= select.EPOLLIN
            self._poll.modify(self._socket, events)

    def _close_if_unused(self) -> None:
        """In the lock. Not while a slot may wait for the socket: another connection could get its number."""
        if self._is_over and self._users == 0:
            self._socket.close()
