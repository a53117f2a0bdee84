"""Where connections come in, and which thread answers on them."""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import TypeAlias
from urllib.parse import urlsplit

from chorus_worker.connection import Connection, Service
from chorus_worker.queue import Customer, Order

MAX_CONNECTIONS = 512
"""More are closed at once. It is twice the most slots that a worker can have."""

STOP_SECONDS = 2.0
"""Time for the running work to end after SIGTERM. Chorus waits 3 s before it kills."""

_BACKLOG = 128

_MAX_PATH_BYTES = 107  # unix(7): sun_path, less its final zero.

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class UnixAddress:
    """A socket in the file system."""

    path: Path

    def __str__(self) -> str:
        """As it is written on a command line."""
        return f"unix://{self.path}"


@dataclass(frozen=True)
class TCPAddress:
    """A host's name or number, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        """As it is written on a command line."""
        return f"tcp://{self.host}:{self.port}"


Address: TypeAlias = UnixAddress | TCPAddress


def parse_address(uri: str) -> Address:
    """Reads `unix:///path` or `tcp://host:port`. Raises ValueError that says what is wrong."""
    parts = urlsplit(uri)
    if parts.scheme == "unix" and parts.path and not parts.netloc:
        if len(os.fsencode(parts.path)) > _MAX_PATH_BYTES:
            raise ValueError(f"the path in {uri} is longer than {_MAX_PATH_BYTES} bytes, which no socket can have")
        return UnixAddress(Path(parts.path))
    if parts.scheme == "tcp" and parts.hostname and parts.port is not None:
        return TCPAddress(parts.hostname, parts.port)
    raise ValueError(f"{uri} is neither unix:///path nor tcp://host:port")


class Wire:
    """Listens, and answers on every connection, whatever the slots do.

    Slots that are idle and one thread more wait for what comes, all at the same epoll instance, and whoever is woken
    deals with it. A slot that receives its next job does it at once, on the spot: no other thread is woken for it. The
    kernel wakes the thread that began to wait last, which is a slot as long as one is idle.

    While all slots work the thread answers alone. It does not begin to wait while a slot is idle, or it could take from
    the slot what is meant to wake that.
    """

    def __init__(self, address: Address, service: Service, signals: socket.socket) -> None:
        """`signals` is where the numbers of signals can be read (`process.stop_signals`)."""
        self._address = address
        self._service = service
        self._signals = signals
        self._poll = select.epoll()
        self._wake_up = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        """Something waits for a slot, or the wire ends."""
        self._lock = threading.Lock()
        """Guards what follows."""
        self._changed = threading.Condition(self._lock)
        self._idle_slots = 0
        self._is_standing_by = False
        self._is_closed = False
        self._connections: dict[int, Connection] = {}
        self._has_stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)

    def start(self) -> Address:
        """Listens from now on, and says where: port 0 means any that is free. Raises OSError if it cannot."""
        try:
            self._listener, address = self._listen()
        except OSError as error:
            raise OSError(f"cannot listen at {self._address}: {error}") from error
        for readable in self._listener.fileno(), self._signals.fileno(), self._wake_up:
            self._poll.register(readable, select.EPOLLIN)
        self._thread.start()
        return address

    def take(self, last: Order | None) -> Order | None:
        """The next order for a slot, which has done the last one. None when the worker is to end.

        While there is none the slot helps to answer.
        """
        queue = self._service.queue
        if last is not None:
            self._serve(last.customer)
        while queue.is_open:
            if (order := queue.take()) is not None:
                self._wake_slot()
                return order
            with self._lock:
                self._idle_slots += 1
            self._wake_slot()  # Something may have come before it was known that there is a slot to wake.
            ready = self._poll.poll(-1, 1)
            with self._lock:
                self._idle_slots -= 1
                if self._is_standing_by and self._idle_slots == 0:
                    self._changed.notify()
            self._deal_with(ready)
        self._wake_slot()
        self._has_stopped.wait()
        return None

    def close(self) -> None:
        """Ends the thread and every connection. No work may be running any more."""
        with self._lock:
            self._is_closed = True
            self._changed.notify()
        os.eventfd_write(self._wake_up, 1)
        self._thread.join(STOP_SECONDS)
        for connection in list(self._connections.values()):
            connection.end()
        self._listener.close()
        if isinstance(self._address, UnixAddress):
            self._address.path.unlink(missing_ok=True)

    def _run(self) -> None:
        while True:
            with self._lock:
                self._is_standing_by = True
                self._changed.wait_for(lambda: self._idle_slots == 0 or self._is_closed)
                self._is_standing_by = False
                if self._is_closed:
                    return
            self._deal_with(self._poll.poll(-1, 1))
            self._wake_slot()

    def _wake_slot(self) -> None:
        """If a slot waits for what is here already: an order, or the end."""
        if self._idle_slots and (len(self._service.queue) or not self._service.queue.is_open):
            os.eventfd_write(self._wake_up, 1)

    def _listen(self) -> tuple[socket.socket, Address]:
        match self._address:
            case UnixAddress(path):
                if path.is_socket():  # Left behind by a worker that was killed.
                    path.unlink()
                listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                listener.bind(str(path))
                address: Address = self._address
            case TCPAddress(host, port):
                listener = socket.create_server((host, port))
                address = TCPAddress(host, listener.getsockname()[1])
        listener.setblocking(False)
        listener.listen(_BACKLOG)
        return listener, address

    def _deal_with(self, ready: list[tuple[int, int]]) -> None:
        for number, _ in ready:
            if (connection := self._connections.get(number)) is not None:
                self._serve(connection)
            elif number == self._listener.fileno():
                self._connect()
            elif number == self._wake_up:
                with suppress(BlockingIOError):
                    os.eventfd_read(self._wake_up)
            elif number == self._signals.fileno():
                self._signalled()

    def _serve(self, customer: Customer) -> None:
        try:
            is_open = customer.serve()
        except BaseException as error:
            _log.critical("The worker ends: its wire broke.", exc_info=error)
            os._exit(1)  # Without it the process would look alive, and never answer.
        if not is_open:
            with self._lock:
                if self._connections.get(customer.number) is customer:
                    del self._connections[customer.number]
            customer.end()

    def _connect(self) -> None:
        try:
            connected, _ = self._listener.accept()
        except OSError:  # It was another thread's, or has gone already.
            return
        if len(self._connections) >= MAX_CONNECTIONS:
            _log.warning("A connection is refused: there are %d.", MAX_CONNECTIONS)
            connected.close()
            return
        if connected.family != socket.AF_UNIX:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(connected, self._service, self._poll)
        self._connections[connection.number] = connection
        connection.watch()

    def _signalled(self) -> None:
        with suppress(BlockingIOError):
            if {SIGTERM, SIGINT}.isdisjoint(self._signals.recv(64)):
                return
            self._poll.unregister(self._signals)
            self._listener.close()
            end = threading.Timer(STOP_SECONDS, os._exit, (0,))
            end.daemon = True
            end.start()
            self._service.queue.close()
            for connection in list(self._connections.values()):
                connection.cancel()
            self._has_stopped.set()
            self._wake_slot()
