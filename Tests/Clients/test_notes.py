"""What a client is told of an answer that is fine otherwise."""

import json

import pytest

from conftest import Serve
from raw import connect, read_to_end, request
from server import fake_engine

NOTED = "{note:你 was left out}Hello"
FIELD = '%"%e4%bd%a0 was left out"'


@pytest.mark.parametrize("response_format", ["pcm", "wav", "mp3"])
def test_a_note_is_in_the_header(serve: Serve, response_format: str) -> None:
    server = serve(fake_engine())
    noted = server.speak(NOTED, response_format=response_format)
    assert noted.headers["chorus-notes"] == FIELD
    assert noted.headers["warning"] == '199 chorus "\\\\u{4F60} was left out"', "until version 0.3"
    assert "chorus-notes" not in server.speak("Hello", response_format=response_format).headers


def test_late_notes_are_in_the_trailer_and_in_the_last_event(serve: Serve) -> None:
    server = serve(fake_engine())
    first, second = "Nothing to remark on this one. " * 12, f"{NOTED} again."
    events = server.speak(first + second, stream_format="sse").text
    done = json.loads(events.strip().splitlines()[-1].removeprefix("data: "))
    assert done["notes"] == ["你 was left out"]
    body = json.dumps({"input": first + second, "response_format": "pcm"}).encode()
    with connect(server) as client:
        client.sendall(request("POST", "/v1/audio/speech", body, TE="trailers", Connection="close"))
        answer = read_to_end(client)
    head = answer.split(b"\r\n\r\n", 1)[0].lower()
    assert b"\r\ntrailer: chorus-notes" in head
    assert b"\r\nchorus-notes" not in head
    assert answer.endswith(f"\r\n0\r\nChorus-Notes: {FIELD}\r\n\r\n".encode())
