"""Wyoming's frames, read within limits. (The `wyoming` package's own reader has none.)"""

from __future__ import annotations

import asyncio
import json
from typing import NoReturn

from wyoming.event import Event

from chorus_worker.values import JSON

MAX_HEADER_BYTES = 64 * 1024
MAX_DATA_BYTES = 4 * 1024 * 1024
MAX_PAYLOAD_BYTES = 8 * 1024 * 1024
"""The limits of a frame's three parts; they are the gateway's, too."""


class BrokenFrame(Exception):  # noqa: N818
    """What came is not Wyoming, or too large. The connection cannot be used any more."""


async def read_event(reader: asyncio.StreamReader) -> Event | None:
    """The next event, or None at the end of the stream. `reader` must have been made with limit=MAX_HEADER_BYTES."""
    try:
        line = await reader.readuntil(b"\n")
        header = _object(line, "a header")
        kind, data = header.get("type"), header.get("data") or {}
        if not isinstance(kind, str) or not isinstance(data, dict):
            raise BrokenFrame("a header has no type, or data that is not an object")
        if length := _length(header, "data_length", MAX_DATA_BYTES):
            data = {**data, **_object(await reader.readexactly(length), "data")}
        payload = None
        if length := _length(header, "payload_length", MAX_PAYLOAD_BYTES):
            payload = await reader.readexactly(length)
    except asyncio.LimitOverrunError:
        raise BrokenFrame(f"a header is longer than {MAX_HEADER_BYTES} bytes") from None
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise BrokenFrame("the connection ended within an event") from None
        return None
    return Event(kind, data, payload)


def _object(text: bytes, what: str) -> dict[str, JSON]:
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BrokenFrame(f"{what} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BrokenFrame(f"{what} is not a JSON object")
    return value


def _refuse(constant: str) -> NoReturn:
    """NaN and the infinities, which Python reads and JSON does not have."""
    raise ValueError(f"{constant} is no number")


def _length(header: dict[str, JSON], key: str, limit: int) -> int:
    length = header.get(key) or 0
    if not isinstance(length, int) or not 0 <= length <= limit:
        raise BrokenFrame(f"{key} is {length!r:.50}; it may be from 0 to {limit}")
    return length
