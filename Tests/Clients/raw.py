"""Connections on which a test says what it likes, byte by byte."""

import json
import socket

from server import Server

SMALL_BUFFER = 4096
"""Bytes that a reader's kernel takes, about, when it is to take next to nothing."""


def connect(server: Server, *, buffer: int | None = None, timeout: float = 30) -> socket.socket:
    """A connection to a server; `buffer` is what the kernel may take that nobody has read."""
    connection = socket.socket()
    connection.settimeout(timeout)
    if buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    try:
        connection.connect(("127.0.0.1", server.port))
    except BaseException:
        connection.close()
        raise
    return connection


def request(method: str, path: str, body: bytes = b"", **fields: str) -> bytes:
    """A request; an underscore in a field's name is a hyphen."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def speech_request(text: str, **fields: object) -> bytes:
    """A request for the pcm of a text."""
    return request("POST", "/v1/audio/speech", json.dumps({"input": text, "response_format": "pcm", **fields}).encode())


def read_to_end(connection: socket.socket) -> bytes:
    """What comes until the server ends the connection, in whatever way."""
    heard = b""
    try:
        while piece := connection.recv(65536):
            heard += piece
    except ConnectionResetError:
        pass
    return heard
