"""HTTP as callers use it: a connection for each request."""

import http.client
import json
from contextlib import closing
from typing import Any


def get(port: int, path: str, limit: float) -> tuple[int, bytes]:
    """Status and body of an answer. Raises OSError when it takes longer than `limit` seconds, or nobody answers."""
    return _ask(port, "GET", path, None, limit)


def post(port: int, path: str, body: dict[str, Any], limit: float) -> tuple[int, bytes]:
    """As `get`, with a JSON object."""
    return _ask(port, "POST", path, json.dumps(body).encode(), limit)


def _ask(port: int, method: str, path: str, body: bytes | None, limit: float) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=limit)) as connection:
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"broken HTTP: {error!r}") from error
