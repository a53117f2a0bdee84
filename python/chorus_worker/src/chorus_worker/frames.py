"""Wyoming's events and their frames, both ways, within limits."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import NoReturn

from chorus_worker.values import JSON

MAX_HEADER_BYTES = 64 * 1024
MAX_DATA_BYTES = 4 * 1024 * 1024
MAX_PAYLOAD_BYTES = 8 * 1024 * 1024
"""The limits of a frame's three parts; they are the gateway's, too."""


class BrokenFrame(Exception):  # noqa: N818
    """What came is not Wyoming, or too large. The connection cannot be used any more."""


@dataclass(frozen=True)
class Event:
    """What one side says to the other."""

    type: str
    data: dict[str, JSON] = field(default_factory=dict)
    payload: bytes | None = None


def user_event(name: str, data: dict[str, JSON]) -> Event:
    """An event of Chorus's own."""
    return Event("user-event", {"name": name, "data": data})


def encoded(event: Event) -> list[bytes]:
    """An event's frame, in pieces. Raises UnicodeEncodeError for half of a surrogate pair."""
    header: dict[str, JSON] = {"type": event.type}
    data = b""
    if event.data:
        data = _encode(event.data).encode()
        header["data_length"] = len(data)
    if not event.payload:
        return [_encode(header).encode() + b"\n" + data]
    header["payload_length"] = len(event.payload)
    return [_encode(header).encode() + b"\n" + data, event.payload]


class Decoder:
    """Cuts a stream of bytes into events: feed it, then ask for the next until there is none.

    It holds what was fed last and one frame within its limits at the most.
    """

    def __init__(self) -> None:
        """At the beginning of a stream."""
        self._bytes = bytearray()
        self._header: dict[str, JSON] | None = None
        self._needed = 0
        """Bytes after the header."""
        self._searched = 0
        """Bytes that are known to have no end of a header in them."""

    @property
    def is_within_event(self) -> bool:
        """Whether the beginning of an event is here and not its end."""
        return bool(self._bytes) or self._header is not None

    def feed(self, more: bytes) -> None:
        """Takes what has arrived."""
        self._bytes += more

    def next(self) -> Event | None:
        """The next event that is here as a whole. Raises BrokenFrame."""
        if self._header is None:
            end = self._bytes.find(b"\n", self._searched)
            if (len(self._bytes) if end < 0 else end) > MAX_HEADER_BYTES:
                raise BrokenFrame(f"a header is longer than {MAX_HEADER_BYTES} bytes")
            if end < 0:
                self._searched = len(self._bytes)
                return None
            header = _object(self._take(end + 1), "a header")
            self._searched = 0
            self._needed = _length(header, "data_length", MAX_DATA_BYTES)
            self._needed += _length(header, "payload_length", MAX_PAYLOAD_BYTES)
            self._header = header
        if len(self._bytes) < self._needed:
            return None
        header, self._header = self._header, None
        kind, data = header.get("type"), header.get("data") or {}
        if not isinstance(kind, str) or not isinstance(data, dict):
            raise BrokenFrame("a header has no type, or data that is not an object")
        if length := header.get("data_length"):
            more = _object(self._take(length), "data")
            data = {**data, **more} if data else more
        length = header.get("payload_length")
        return Event(kind, data, self._take(length) if length else None)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._bytes[:count])
        del self._bytes[:count]
        return taken


def _refuse(constant: str) -> NoReturn:
    """NaN and the infinities, which Python reads and JSON does not have."""
    raise ValueError(f"{constant} is no number")


_decode = json.JSONDecoder(parse_constant=_refuse).decode
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _object(text: bytes, what: str) -> dict[str, JSON]:
    try:
        value = _decode(text.decode())
    except (ValueError, RecursionError) as error:
        raise BrokenFrame(f"{what} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BrokenFrame(f"{what} is not a JSON object")
    return value


def _length(header: dict[str, JSON], key: str, limit: int) -> int:
    length = header.get(key) or 0
    if not isinstance(length, int) or not 0 <= length <= limit:
        raise BrokenFrame(f"{key} is {length!r:.50}; it may be from 0 to {limit}")
    return length
