"""A generator of load: some connections that stay open, each with one request at a time, and one thread for all."""

import select
import socket
import time
from dataclasses import dataclass, field

PATIENCE_SECONDS = 10.0


class PeerError(Exception):
    """A server did what none of those compared may do."""


@dataclass
class Load:
    """What was measured."""

    seconds: float = 0
    latencies: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """So many milliseconds at most had this share of the requests."""
        ordered = sorted(self.latencies)
        return 1e3 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds


def http_request(port: int) -> bytes:
    """A request for speech."""
    body = b'{"model": "peer", "input": "The quick brown fox jumps over the lazy dog.", "response_format": "pcm"}'
    head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def is_whole_response(answer: bytes) -> bool:
    """Whether a response is here to its end. Raises PeerError if it is not one of 200 with a body."""
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    if not head.startswith(b"HTTP/1.1 200"):
        raise PeerError(answer[:300].decode(errors="replace"))
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        return body.endswith(b"\r\n0\r\n\r\n")
    return len(body) == int(lower.partition(b"content-length:")[2].split(b"\r\n")[0])


def http_load(port: int, connections: int, seconds: float) -> Load:
    """Requests over so many connections for so long. A connection that the server closes is opened again."""
    request, load, poll = http_request(port), Load(), select.epoll()
    open_now: dict[int, socket.socket] = {}
    began: dict[int, float] = {}
    answers: dict[int, bytes] = {}

    def ask(connection: socket.socket) -> None:
        answers[connection.fileno()] = b""
        began[connection.fileno()] = time.perf_counter()
        connection.sendall(request)

    def connect() -> None:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        open_now[connection.fileno()] = connection
        poll.register(connection, select.EPOLLIN)
        ask(connection)

    start = time.perf_counter()
    for _ in range(connections):
        connect()
    while (now := time.perf_counter()) - start < seconds:
        ready = poll.poll(PATIENCE_SECONDS)
        if not ready:
            raise PeerError(f"no answer came within {PATIENCE_SECONDS:g} s")
        for number, _ in ready:
            connection = open_now[number]
            more = connection.recv(1 << 16)
            answers[number] += more
            if more and not is_whole_response(answers[number]):
                continue
            if more:
                load.latencies.append(time.perf_counter() - began[number])
            if not more or b"\r\nconnection: close" in answers[number][:1000].lower():
                del open_now[number]
                connection.close()
                connect()
            else:
                ask(connection)
    load.seconds = now - start
    for connection in open_now.values():
        connection.close()
    return load


def socket_load(path: str, seconds: float) -> Load:
    """Jobs one after the other at a worker's own socket."""
    job = b'{"type": "synthesize", "data": {"text": "The quick brown fox jumps over the lazy dog."}}\n'
    load = Load()
    with socket.socket(socket.AF_UNIX) as worker:
        worker.connect(path)
        start = time.perf_counter()
        while (began := time.perf_counter()) - start < seconds:
            worker.sendall(job)
            answer = b""
            while b'"audio-stop"' not in answer[-200:]:
                more = worker.recv(1 << 16)
                if not more:
                    raise PeerError("the worker hung up within an answer")
                answer += more
                if b'"error"' in answer[:100]:
                    raise PeerError(answer.decode(errors="replace"))
            load.latencies.append(time.perf_counter() - began)
        load.seconds = time.perf_counter() - start
    return load
