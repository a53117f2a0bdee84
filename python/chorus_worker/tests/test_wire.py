"""What goes wrong on the wire harms the connection it is on, and no other."""

import asyncio
import json
import logging
import select
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from wyoming.ping import Ping

from chorus_worker.connection import Connection, Service
from chorus_worker.deadlines import Deadlines
from chorus_worker.frames import Event, encoded
from chorus_worker.memory import MemoryReports
from chorus_worker.queue import WorkQueue
from chorus_worker.wire import TCPAddress, UnixAddress, Wire, parse_address
from chorus_worker.work import Work

from .harness import PATIENCE, WorkerProcess, ask, cancel, read, read_until, speak


class Hasty(Deadlines):
    """Every deadline passes at once."""

    def set(self, work: Work, late: Callable[[], None]) -> None:  # noqa: ARG002
        """Calls back before anything else can happen."""
        late()


@dataclass
class Watched:
    """In the place of an epoll instance: remembers what a connection wants to be told."""

    wanted: list[int] = field(default_factory=list)
    check: Callable[[], None] = lambda: None

    def register(self, _: socket.socket, events: int) -> None:
        """As epoll."""
        self.wanted.append(events)

    def modify(self, _: socket.socket, events: int) -> None:
        """As epoll."""
        self.check()
        self.wanted.append(events)

    def unregister(self, _: socket.socket) -> None:
        """As epoll."""


def service(deadlines: Deadlines | None = None) -> Service:
    """With a queue from which no slot takes."""
    return Service(Event("info"), MemoryReports("cpu"), WorkQueue(), deadlines or Deadlines())


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Ours, and that of the connection."""
    ours, theirs = socket.socketpair()
    ours.settimeout(PATIENCE)
    with ours, theirs:
        yield ours, theirs


def connected(theirs: socket.socket, served: Service, poll: Watched | None = None) -> Connection:
    """A connection on one end of a pair."""
    return Connection(theirs, served, cast(select.epoll, poll or Watched()))


def send(end: socket.socket, event: Event) -> None:
    """Writes an event."""
    end.sendall(b"".join(encoded(event)))


def test_a_ping_with_a_deep_text_is_answered_without_it_or_refused(shared_worker: WorkerProcess) -> None:
    """How deep can be read depends on the thread that reads."""
    for depth in *range(900, 1001), 1:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(shared_worker.uri.removeprefix("unix://"))
            client.sendall(b'{"type": "ping", "data": {"text": %s}}\n' % (b"[" * depth + b"]" * depth))
            stream = client.makefile("rb")
            line = stream.readline()
            assert line or depth > 900
            if line:
                header = json.loads(line)
                assert header["type"] == "pong"
                assert json.loads(stream.read(header["data_length"]))["text"] is None


def test_what_is_too_deep_ends_its_connection_only(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_deep(_: Connection, __: Event) -> None:
        raise RecursionError

    monkeypatch.setattr(Connection, "_handle", too_deep)
    connection = connected(ends[1], service())
    send(ends[0], Event("ping"))
    assert not connection.serve()


def test_a_connection_that_is_over_is_not_read(
    ends: tuple[socket.socket, socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    connection = connected(ends[1], service())
    connection.end()
    with caplog.at_level(logging.WARNING):
        assert not connection.serve()
    assert caplog.messages == []


def test_a_deadline_that_passes_before_the_job_is_in_the_line_takes_it_out(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    served = service(Hasty())
    connection = connected(ends[1], served)
    send(ends[0], Event("synthesize", {"text": "text", "context": {"deadline": 1000}}))
    assert connection.serve()
    assert len(served.queue) == 0
    assert b'"cancelled"' in ends[0].recv(4096)


def test_the_next_job_begins_when_the_last_event_of_this_one_is_written(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    served = service()
    connection = connected(ends[1], served)
    send(ends[0], Event("synthesize", {"text": "text"}))
    assert connection.serve()
    order = served.queue.take()
    assert order is not None
    written: list[bytes] = []
    forget = Connection._forget

    def look(self: Connection, work: Work) -> None:
        assert self._writing.locked(), "nobody writes in between"
        written.append(ends[0].recv(4096, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        forget(self, work)

    monkeypatch.setattr(Connection, "_forget", look)
    connection.finish(order.work, Event("audio-stop"))
    assert len(written) == 1
    assert b"audio-stop" in written[0]
    send(ends[0], Event("synthesize", {"text": "text"}))
    assert connection.serve()
    assert len(served.queue) == 1


def test_what_is_unsent_is_not_looked_at_while_it_changes(ends: tuple[socket.socket, socket.socket]) -> None:
    poll = Watched()
    connection = connected(ends[1], service(), poll)

    def check() -> None:
        assert connection._writing.locked()

    poll.check = check
    send(ends[0], Event("ping"))
    assert connection.serve()
    assert poll.wanted == [select.EPOLLONESHOT | select.EPOLLIN]


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Wire]:
    """A wire that nobody answers on, but for the test."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        listening = Wire(UnixAddress(tmp_path / "socket"), service(), theirs)
        listening._listener, _ = listening._listen()
        with listening._listener:
            yield listening


def test_a_connection_that_cannot_be_watched_is_closed(
    listening: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Connection) -> None:
        raise OSError("no room")

    monkeypatch.setattr(Connection, "watch", fail)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(tmp_path / "socket"))
        listening._deal_with([(listening._listener.fileno(), select.EPOLLIN)])
        assert client.recv(1) == b""
    assert listening._connections == {}


@pytest.mark.parametrize("broken", ["_signalled", "_connect"])
def test_a_wire_that_breaks_ends_the_process(listening: Wire, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    ended: list[int] = []

    def fail(_: Wire) -> None:
        raise KeyError("a fault")

    monkeypatch.setattr("chorus_worker.wire.os._exit", ended.append)
    monkeypatch.setattr(Wire, broken, fail)
    where = listening._signals if broken == "_signalled" else listening._listener
    listening._deal_with([(where.fileno(), select.EPOLLIN)])
    assert ended == [1]
    monkeypatch.setattr(Wire, "_wait", fail)
    listening._run()
    assert ended == [1, 1]


def test_without_descriptors_it_waits_and_does_not_spin(tmp_path: Path) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            await ask(client, "crowded")
            await read_until(client, "chorus.note")
            async with worker.client() as other:
                await other.write_event(Ping("one").event())
                await asyncio.to_thread(worker.log.wait_for, "cannot be accepted yet")
                for _ in range(3):
                    await client.write_event(Ping("two").event())
                    await read_until(client, "pong")
                await cancel(client)
                await read_until(client, "error")
                assert (await read(other)).type == "pong"

    with WorkerProcess(tmp_path) as worker:
        asyncio.run(talk(worker))
        assert worker.stop() == 0
        warnings = [line for line in worker.log.all() if "cannot be accepted yet" in line]
        assert len(warnings) < 60, "once for each event, or each second"


def test_it_listens_on_version_six_of_ip(tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")

    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            assert (await speak(client, "bytes 1")).chunks == [b"\0\0"]

    with WorkerProcess(tmp_path, uri="tcp://[::1]:0") as worker:
        assert worker.uri.startswith("tcp://[::1]:")
        asyncio.run(talk(worker))


def test_an_address_is_written_as_it_is_read() -> None:
    for host in "::1", "localhost", "127.0.0.1":
        address = TCPAddress(host, 9000)
        assert parse_address(str(address)) == address
