"""Clients that are slow, wrong, or up to no good: each harms himself, and nobody else."""

import http.client
import json
import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from conftest import Serve
from fake_voice import listen, speech
from raw import SMALL_BUFFER, connect, read_to_end, request, speech_request
from server import Server, fake_engine, wait_until
from texts import sentences

TEXT = "Nobody is harmed"
MEBIBYTE = 1 << 20
MAX_BODY = 64 << 10
ROOM = 32 * MEBIBYTE
"""How much bigger a server may be when a bad client has gone."""


@pytest.fixture
def server(serve: Serve) -> Iterator[Server]:
    """A server that has to be as good as before when the test is over."""
    one = serve(fake_engine(instances=2), limits={"max_body": MAX_BODY, "write_stall": "1s"})
    assert one.speak(TEXT).content == speech(TEXT)
    before, restarts = resident_bytes(one), one.restarts()
    yield one
    assert one.process.poll() is None, one.log.read_text()[-2000:]
    assert one.speak(TEXT).content == speech(TEXT)
    wait_until(one.is_idle, "nothing is left of it")
    assert one.restarts() == restarts
    wait_until(lambda: resident_bytes(one) < before + ROOM, "its memory is given back", limit=5)


def resident_bytes(server: Server) -> int:
    """The memory of the server itself."""
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * resource.getpagesize()


def answers(connection: socket.socket, count: int = 1) -> list[tuple[int, bytes]]:
    """The next answers on a connection: their statuses and bodies."""
    heard = []
    for _ in range(count):
        with closing(http.client.HTTPResponse(connection)) as response:
            response.begin()
            heard.append((response.status, response.read()))
    return heard


def status_of(connection: socket.socket) -> int | None:
    """The status of the next answer, if there is one before the server ends the connection."""
    heard = b""
    with suppress(ConnectionResetError):
        while b"\r\n" not in heard and (piece := connection.recv(4096)):
            heard += piece
    return int(heard.split()[1]) if heard.startswith(b"HTTP/1.1 ") else None


def send(connection: socket.socket, data: bytes) -> None:
    """Sends as much as the server takes."""
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(data)


# Slow ones


def test_many_who_say_nothing_hold_up_nobody(server: Server) -> None:
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    count = 1000 if allowed == resource.RLIM_INFINITY else min(1000, allowed - 100)
    with ExitStack() as idle:
        for _ in range(count):
            idle.enter_context(connect(server))
        begun = time.monotonic()
        for _ in range(10):
            assert server.speak(TEXT).content == speech(TEXT)
        assert time.monotonic() - begun < 5


def test_heads_that_drip_hold_up_nobody(server: Server) -> None:
    head = speech_request(TEXT)
    with ExitStack() as slow:
        clients = [slow.enter_context(connect(server)) for _ in range(100)]
        for position in range(20):
            for client in clients:
                client.sendall(head[position : position + 1])
            if position % 5 == 0:
                assert server.speak(TEXT).content == speech(TEXT)
        clients[0].sendall(head[20:])
        assert answers(clients[0]) == [(200, speech(TEXT))], "who comes to an end is served"


def test_bodies_that_drip_hold_no_instance(server: Server) -> None:
    whole = speech_request(TEXT)
    with ExitStack() as slow:
        clients = [slow.enter_context(connect(server)) for _ in range(50)]
        for client in clients:
            client.sendall(whole[:-5])
        assert server.is_idle()
        assert server.speak(TEXT).content == speech(TEXT)
        clients[0].sendall(whole[-5:])
        assert answers(clients[0]) == [(200, speech(TEXT))]


def test_a_reader_that_takes_nothing_is_cut_off(server: Server) -> None:
    done = server.jobs_done()
    with connect(server, buffer=SMALL_BUFFER) as reader:
        reader.sendall(speech_request(sentences(100)))
        wait_until(lambda: server.jobs_done() > done, "its text is spoken")
        wait_until(server.is_idle, "it holds no instance")
        assert server.speak(TEXT).content == speech(TEXT)
        wait_until(lambda: server.has_logged("write_stalled"), "it is cut off", limit=5)


def test_a_reader_that_trickles_is_served_and_holds_no_instance(serve: Serve) -> None:
    """A kilobyte a second is slow, but not nothing."""
    server = serve(fake_engine(instances=2), limits={"write_stall": "10s"})
    text = sentences(60)
    with connect(server, buffer=SMALL_BUFFER) as reader:
        reader.sendall(speech_request(text))
        heard = reader.recv(1024)
        wait_until(server.is_idle, "it holds no instance")
        for _ in range(3):
            # This is how fast it is, not what is waited for.
            time.sleep(1)
            heard += reader.recv(1024)
            assert server.is_idle()
        assert server.speak(TEXT).content == speech(TEXT)
        while not heard.endswith(b"\r\n0\r\n\r\n"):
            piece = reader.recv(1 << 20)
            assert piece, "it was cut off"
            heard += piece
    assert listen(body_of(heard), text).whole


def test_a_reader_is_slow_only_if_it_takes_nothing(server: Server) -> None:
    """What a reader takes counts, however full the kernel's buffer for it is: it is more than once in `write_stall`."""
    text = sentences(100)
    with connect(server, buffer=SMALL_BUFFER) as reader:
        reader.sendall(speech_request(text))
        heard = reader.recv(4096)
        for _ in range(30):
            # This is how fast it is, 40 KB a second, not what is waited for.
            time.sleep(0.1)
            heard += reader.recv(4096)
        assert not server.has_logged("write_stalled")
        while not heard.endswith(b"\r\n0\r\n\r\n"):
            piece = reader.recv(1 << 20)
            assert piece, "it was cut off"
            heard += piece
    assert listen(body_of(heard), text).whole


def body_of(heard: bytes) -> bytes:
    """The body of a chunked answer."""
    rest = heard.partition(b"\r\n\r\n")[2]
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + rest[:length], rest[length + 2 :]
        if length == 0:
            break
    return body


# Wrong ones


def deep(levels: int) -> bytes:
    """JSON that is nested as deep."""
    return b'{"input": "Deep", "engine_options": ' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


WRONG: dict[str, tuple[bytes, set[int | None]]] = {
    "no JSON": (request("POST", "/v1/audio/speech", b"hello"), {400}),
    "bad UTF-8": (request("POST", "/v1/audio/speech", b'{"input": "\xff\xfe"}'), {400}),
    "half a surrogate": (request("POST", "/v1/audio/speech", rb'{"input": "\ud800"}'), {400}),
    "deep objects": (request("POST", "/v1/audio/speech", deep(10_000)), {400}),
    "deep arrays": (request("POST", "/v1/audio/speech", b"[" * 60_000), {400}),
    "a number without end": (
        request("POST", "/v1/audio/speech", b'{"input": "a", "speed": ' + b"9" * 60_000 + b"}"),
        {400},
    ),
    "both lengths": (
        request("POST", "/v1/audio/speech", Content_Length="5", Transfer_Encoding="chunked") + b"0\r\n\r\n",
        {400},
    ),
    "two lengths": (
        request("POST", "/v1/audio/speech", b"hello", Content_Length="6"),
        {400},
    ),
    "a negative length": (request("POST", "/v1/audio/speech", Content_Length="-1"), {400}),
    "a chunk that is none": (
        request("POST", "/v1/audio/speech", Transfer_Encoding="chunked") + b"zz\r\nhello\r\n0\r\n\r\n",
        {400, None},
    ),
    "no HTTP": (b"hello\r\n\r\n", {400, None}),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), {400, None}),
    "another version": (b"GET /health/live HTTP/9.9\r\nHost: x\r\n\r\n", {400, 505, None}),
    "a target without end": (request("GET", "/" + "a" * 200_000), {400, 404, 414, 431, None}),
    "a field without end": (request("GET", "/health/live", X="a" * 2_000_000), {400, 413, 431, None}),
    "fields without end": (
        request("GET", "/health/live", b"", **{f"X{n}": "a" * 50 for n in range(20_000)}),
        {400, 413, 431, None},
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_refused(server: Server, kind: str) -> None:
    data, allowed = WRONG[kind]
    with connect(server) as client:
        send(client, data)
        assert status_of(client) in allowed


def test_json_of_any_depth_is_refused(serve: Serve) -> None:
    server = serve(fake_engine())
    levels = 100_000
    with connect(server) as client:
        client.sendall(request("POST", "/v1/audio/speech", deep(levels)))
        [(status, body)] = answers(client)
        assert status == 400
        assert json.loads(body)["error"]["type"] == "invalid_request_error"
    assert server.speak(TEXT).content == speech(TEXT)


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunks"])
def test_a_body_that_is_too_big_is_refused(server: Server, is_chunked: bool) -> None:
    size = 50 * MEBIBYTE
    with connect(server) as client:
        piece = b"10000\r\n" + bytes(1 << 16) + b"\r\n" if is_chunked else bytes(1 << 16)
        fields = {"Transfer_Encoding": "chunked"} if is_chunked else {"Content_Length": str(size)}
        client.sendall(request("POST", "/v1/audio/speech", b"", **fields))
        # Not more than what is sure to be read, so that the answer is not lost.
        client.sendall(piece)
        client.sendall(piece[: len(piece) // 2])
        assert answers(client)[0][0] == 413
        send(client, piece[len(piece) // 2 :])
        for _ in range(size >> 16):
            send(client, piece)
        read_to_end(client)


def test_a_body_that_breaks_off_makes_nothing(server: Server) -> None:
    done = server.jobs_done()
    for cut in (1, 20, 40):
        with connect(server) as client:
            client.sendall(speech_request(TEXT)[:-cut])
            client.shutdown(socket.SHUT_WR)
            assert status_of(client) in {400, None}
    assert server.speak(TEXT).content == speech(TEXT)
    assert server.jobs_done() == done + 1


def test_requests_that_do_not_wait_for_answers_are_answered_in_order(server: Server) -> None:
    texts = [f"{'{sleep:100} ' if n % 2 == 0 else ''}This is number {n}" for n in range(10)]
    with connect(server) as client:
        client.sendall(b"".join(speech_request(text) for text in texts))
        heard = answers(client, len(texts))
    assert heard == [(200, speech(text)) for text in texts]


def test_who_leaves_again_and_again_leaves_nothing(server: Server) -> None:
    for position in range(100):
        with connect(server) as client:
            client.sendall(speech_request("{sleep:60000}")[: 40 + 3 * position])


@pytest.mark.parametrize(
    "reset",
    [lambda client: client.close(), lambda client: client.shutdown(socket.SHUT_RDWR)],
    ids=["close", "shutdown"],
)
def test_who_leaves_while_he_is_served_frees_his_instance(
    server: Server, reset: Callable[[socket.socket], None]
) -> None:
    with connect(server) as one, connect(server) as other:
        for client in one, other:
            client.sendall(speech_request("{sleep:60000}"))
        wait_until(server.is_busy, "both instances work")
        for client in one, other:
            reset(client)
        wait_until(server.is_idle, "they are free", limit=5)
