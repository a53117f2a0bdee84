"""The thread that does all reading and writing, so that a worker answers while it works."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import TypeAlias
from urllib.parse import urlsplit

from chorus_worker.connection import Connection, Service
from chorus_worker.frames import MAX_HEADER_BYTES

MAX_CONNECTIONS = 512
"""More are closed at once. It is twice the most slots that a worker can have."""

STOP_SECONDS = 2.0
"""Time for the running work to end after SIGTERM. Chorus waits 3 s before it kills."""

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
    """Listens, and serves each connection, on a thread of its own with an event loop of its own."""

    def __init__(self, address: Address, service: Service, signals: socket.socket) -> None:
        """`signals` is where the numbers of signals can be read (`process.stop_signals`)."""
        self._address = address
        self._service = service
        self._signals = signals
        self._connections: dict[Connection, asyncio.Future[None]] = {}
        self._cancels: list[asyncio.Task[None]] = []
        self._listening: Future[Address] = Future()
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)

    def start(self) -> Address:
        """Returns when the worker listens, and where: port 0 means any that is free. Raises OSError if it cannot."""
        self._thread.start()
        try:
            return self._listening.result()
        except OSError as error:
            raise OSError(f"cannot listen at {self._address}: {error}") from error

    def close(self) -> None:
        """Sends what is still to be sent, and ends the thread. No work may be running any more."""
        self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._listening.done():
                _log.critical("The worker ends: its wire broke.", exc_info=error)
                os._exit(1)  # Without it the process would look alive, and never answer.
            self._listening.set_exception(error)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closed = asyncio.Event()
        self._server, address = await self._listen()
        self._loop.add_reader(self._signals, self._signalled)
        self._listening.set_result(address)
        await self._closed.wait()
        self._server.close()
        for connection in self._connections:
            connection.close()
        await asyncio.gather(*self._cancels, *self._connections.values(), return_exceptions=True)
        if isinstance(self._address, UnixAddress):
            self._address.path.unlink(missing_ok=True)

    async def _listen(self) -> tuple[asyncio.Server, Address]:
        match self._address:
            case UnixAddress(path):
                if path.is_socket():  # Left behind by a worker that was killed.
                    path.unlink()
                return await asyncio.start_unix_server(self._connected, path, limit=MAX_HEADER_BYTES), self._address
            case TCPAddress(host, port):
                server = await asyncio.start_server(self._connected, host, port, limit=MAX_HEADER_BYTES)
                return server, TCPAddress(host, server.sockets[0].getsockname()[1])

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= MAX_CONNECTIONS:
            _log.warning("A connection is refused: there are %d.", MAX_CONNECTIONS)
            writer.close()
            return
        connection = Connection(reader, writer, self._service)
        self._connections[connection] = serving = asyncio.ensure_future(connection.run())
        try:
            await serving
        finally:
            del self._connections[connection]

    def _signalled(self) -> None:
        if {SIGTERM, SIGINT}.isdisjoint(self._signals.recv(64)):
            return
        self._loop.remove_reader(self._signals)
        self._server.close()
        self._service.queue.close()
        self._loop.call_later(STOP_SECONDS, os._exit, 0)
        self._cancels = [self._loop.create_task(connection.cancel()) for connection in self._connections]
