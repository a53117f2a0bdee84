"""Where connections come in, and which thread answers on them."""

from __future__ import annotations

import errno
import logging
import os
import select
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import NoReturn, TypeAlias
from urllib.parse import urlsplit

from chorus_worker.connection import Connection, Service
from chorus_worker.queue import Customer, Order

MAX_CONNECTIONS = 512
"""More are closed at once. It is twice the most slots that a worker can have."""

STOP_SECONDS = 2.0
"""Time for the running work to end after SIGTERM. Chorus waits 3 s before it kills."""

_BACKLOG = 128

_DEAF_SECONDS = 1.0
"""How long it does not listen at the most when a connection cannot be accepted."""

_LACKS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
"""What keeps a connection waiting that could be accepted."""

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
        return f"tcp://[{self.host}]:{self.port}" if ":" in self.host else f"tcp://{self.host}:{self.port}"


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
        self._changed = threading.Condition(threading.Lock())
        """Guards what follows."""
        self._idle_slots = 0
        self._is_closed = False
        self._is_deaf = False
        """The listener is not watched: descriptors or memory ran out, and it would be ready for ever."""
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
            self._listen_again()
        while queue.is_open:
            if (order := queue.take()) is not None:
                self._wake_slot()
                return order
            with self._changed:
                self._idle_slots += 1
            self._wake_slot()  # Something may have come before it was known that there is a slot to wake.
            ready = self._wait()
            with self._changed:
                self._idle_slots -= 1
                if self._idle_slots == 0:
                    self._changed.notify()
            self._deal_with(ready)
        self._wake_slot()
        self._has_stopped.wait()
        return None

    def close(self) -> None:
        """Ends the thread and every connection. No work may be running any more."""
        with self._changed:
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
        try:
            self._answer()
        except BaseException as error:
            _break(error)

    def _answer(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._idle_slots == 0 or self._is_closed)
                if self._is_closed:
                    return
            self._deal_with(self._wait())
            self._wake_slot()

    def _wait(self) -> list[tuple[int, int]]:
        return self._poll.poll(_DEAF_SECONDS if self._is_deaf else -1, 1)

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
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                family, *_, where = min(found, key=lambda each: each[0] != socket.AF_INET)
                listener = socket.create_server(where, family=family)
                address = TCPAddress(host, listener.getsockname()[1])
        listener.setblocking(False)
        listener.listen(_BACKLOG)
        return listener, address

    def _deal_with(self, ready: list[tuple[int, int]]) -> None:
        try:
            self._listen_again()
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
        except BaseException as error:
            _break(error)

    def _serve(self, customer: Customer) -> None:
        try:
            if not customer.serve():
                with self._changed:
                    if self._connections.get(customer.number) is customer:
                        del self._connections[customer.number]
                customer.end()
        except BaseException as error:
            _break(error)

    def _listen_again(self) -> None:
        if self._is_deaf:
            self._is_deaf = False
            with suppress(OSError, ValueError):  # Another thread did, or the worker is ending.
                self._poll.register(self._listener, select.EPOLLIN)

    def _connect(self) -> None:
        try:
            connected, _ = self._listener.accept()
        except OSError as error:
            if error.errno in _LACKS:  # Else it was another thread's, or has gone already.
                _log.warning("A connection cannot be accepted yet: %s", error)
                with suppress(OSError, ValueError):
                    self._poll.unregister(self._listener)
                self._is_deaf = True
            return
        if len(self._connections) >= MAX_CONNECTIONS:
            _log.warning("A connection is refused: there are %d.", MAX_CONNECTIONS)
            connected.close()
            return
        try:
            if connected.family != socket.AF_UNIX:
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(connected, self._service, self._poll)
            self._connections[connection.number] = connection
            connection.watch()
        except OSError as error:
            _log.warning("A connection ends: %s", error)
            self._connections.pop(connected.fileno(), None)
            connected.close()

    def _signalled(self) -> None:
        try:
            received = self._signals.recv(64)
        except BlockingIOError:  # Another thread has read it.
            return
        if {SIGTERM, SIGINT}.isdisjoint(received):
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


def _break(error: BaseException) -> NoReturn:
    """Ends the process: it would look alive, and never answer."""
    _log.critical("The worker ends: its wire broke.", exc_info=error)
    os._exit(1)
