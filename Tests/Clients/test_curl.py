"""What people do first: curl."""

import json
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest

from audio import decode
from fake_voice import listen, speech
from server import Server
from texts import sentences

LONG_TEXT = sentences(20)


def curl(*arguments: str) -> bytes:
    """What curl prints."""
    return subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "60", *arguments], capture_output=True, check=True
    ).stdout


def json_body(body: object) -> list[str]:
    """The arguments that post a JSON body."""
    return ["--header", "Content-Type: application/json", "--data", json.dumps(body)]


def status_and_error(answer: bytes) -> tuple[int, dict[str, Any]]:
    """Takes apart what `--write-out` added to an error."""
    body, _, status = answer.rpartition(b"\n")
    return int(status), cast(dict[str, Any], json.loads(body)["error"])


def test_a_download_is_a_file_that_plays(espeak_server: Server, tmp_path: Path) -> None:
    file, headers = tmp_path / "speech.mp3", tmp_path / "headers"
    url = f"{espeak_server.url}/v1/audio/speech"
    body = {"model": "tts-1", "input": "Hello from a chorus of voices.", "voice": "alloy"}
    curl("--fail", "--output", str(file), "--dump-header", str(headers), *json_body(body), url)
    assert decode(file.read_bytes(), "mp3")
    names = {line.partition(":")[0].lower() for line in headers.read_text().splitlines()[1:]}
    assert {"content-type", "x-request-id", "server-timing"} <= names


def test_a_minimal_request_is_enough(fake_server: Server) -> None:
    body = {"input": "Hello", "response_format": "pcm"}
    assert curl("--fail", *json_body(body), f"{fake_server.url}/v1/audio/speech") == speech("Hello")


def test_a_long_answer_is_chunked(fake_server: Server) -> None:
    body = {"input": LONG_TEXT, "response_format": "pcm"}
    answer = curl("--fail", "--include", *json_body(body), f"{fake_server.url}/v1/audio/speech")
    head, _, audio = answer.partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower()
    assert listen(audio, LONG_TEXT).whole


def test_two_requests_share_a_connection(fake_server: Server) -> None:
    body = {"input": "Hello", "response_format": "pcm"}
    url = f"{fake_server.url}/v1/audio/speech"
    answer = curl("--fail", "--write-out", "%{num_connects}", *json_body(body), url, url)
    assert answer == speech("Hello") + b"1" + speech("Hello") + b"0"


def test_the_wrong_method_is_refused(fake_server: Server) -> None:
    url = f"{fake_server.url}/v1/audio/speech"
    status, error = status_and_error(curl("--write-out", "\n%{http_code}", url))
    assert (status, error["type"]) == (405, "invalid_request_error")
    head = curl("--head", url).decode().lower().splitlines()
    assert head[0].split()[1] == "405"
    (allow,) = [line for line in head if line.startswith("allow:")]
    assert "post" in allow
    assert "get" not in allow


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '"text"', '{"input": 3}', '{"input": "Hello", "voice": {}}', "\x00", "[" * 10_000]
)
def test_a_body_that_is_no_request_is_refused(fake_server: Server, body: str) -> None:
    arguments = ["--header", "Content-Type: application/json", "--data-binary", "@-", "--write-out", "\n%{http_code}"]
    answer = subprocess.run(
        ["curl", "--silent", "--max-time", "60", *arguments, f"{fake_server.url}/v1/audio/speech"],
        input=body.encode(),
        capture_output=True,
        check=True,
    ).stdout
    status, error = status_and_error(answer)
    assert (status, error["type"]) == (400, "invalid_request_error")
    assert error["message"]


def test_a_body_that_is_too_large_is_refused(fake_server: Server, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"input": "a" * 20_000_000}))
    arguments = [
        "--header",
        "Content-Type: application/json",
        "--data-binary",
        f"@{body}",
        "--write-out",
        "\n%{http_code}",
    ]
    status, error = status_and_error(curl(*arguments, f"{fake_server.url}/v1/audio/speech"))
    assert (status, error["type"]) == (413, "invalid_request_error")


def test_an_unknown_path_is_not_found(fake_server: Server) -> None:
    status, error = status_and_error(curl("--write-out", "\n%{http_code}", f"{fake_server.url}/v1/nope"))
    assert (status, error["type"]) == (404, "invalid_request_error")
