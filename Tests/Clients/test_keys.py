"""API keys: who may ask, for what, and how much."""

import http.client
import json
from pathlib import Path
from typing import Any, Literal, cast

import httpx
import openai
import pytest

from conftest import Serve
from fake_voice import listen, speech
from server import Server, chorus, espeak_engine, fake_engine, wait_until, write_configuration
from texts import sentences

TEXT = "Hello"
HOLD = "{sleep:60000}"
"""Keeps a slot busy until its caller leaves."""


def new_key(name: str) -> tuple[str, dict[str, Any]]:
    """A key as the program makes it, and its entry in the configuration."""
    made = json.loads(chorus("key", "new", "--name", name, "--json").stdout)
    return cast(str, made["key"]), {"name": made["name"], "hash": made["hash"]}


def start(serve: Serve, *keys: dict[str, Any]) -> Server:
    """A server that wants one of these keys."""
    server = serve(fake_engine(instances=2), until_loaded=False, keys=list(keys))
    wait_until(lambda: httpx.get(f"{server.url}/health/ready").status_code == 200, "the engine is ready", 120)
    return server


def client_of(server: Server, key: str) -> openai.OpenAI:
    """A client that does not try again by itself."""
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0, timeout=60)


def speak(client: openai.OpenAI, text: str = TEXT, **fields: object) -> bytes:
    """The pcm of a text."""
    answer = client.audio.speech.create(
        model="fake", voice="fake", input=text, response_format="pcm", extra_body=fields
    )
    return answer.content


def test_only_the_right_key_speaks(serve: Serve) -> None:
    (amy, entry), (_, other) = new_key("amy"), new_key("bob")
    server = start(serve, other, entry)
    with client_of(server, amy) as client:
        assert speak(client) == speech(TEXT)
        assert "fake" in [model.id for model in client.models.list()]
    for wrong in (f"{amy}x", amy[:-1], "sk-chorus-", "amy", entry["hash"]):
        with client_of(server, wrong) as client:
            with pytest.raises(openai.AuthenticationError) as caught:
                speak(client)
            assert caught.value.code == "invalid_api_key"
            with pytest.raises(openai.AuthenticationError):
                client.models.list()
    assert httpx.get(f"{server.url}/v1/pool").status_code == 401
    for path in ("/health/live", "/health/ready", "/metrics"):
        assert httpx.get(f"{server.url}{path}").status_code == 200
    server.stop()
    log = server.log.read_text()
    assert '"amy"' in log
    assert amy not in log


@pytest.mark.parametrize("stream_format", ["audio", "sse"])
def test_streams_are_those_of_the_key(serve: Serve, stream_format: Literal["audio", "sse"]) -> None:
    key, entry = new_key("amy")
    text = sentences(10)
    with (
        client_of(start(serve, entry), key) as client,
        client.audio.speech.with_streaming_response.create(
            model="fake", voice="fake", input=text, response_format="pcm", stream_format=stream_format
        ) as answer,
    ):
        body = b"".join(answer.iter_bytes(4096))
    if stream_format == "audio":
        assert listen(body, text).whole
    else:
        assert b'"type":"speech.audio.done"' in body


def test_requests_a_minute_are_limited_for_each_key_alone(serve: Serve) -> None:
    (amy, limited), (bob, free) = new_key("amy"), new_key("bob")
    server = start(serve, {**limited, "requests_per_minute": 2}, free)
    with client_of(server, amy) as client:
        answers = [
            client.audio.speech.with_raw_response.create(model="fake", voice="fake", input=TEXT) for _ in range(2)
        ]
        fields = [answer.headers for answer in answers]
        assert [field["x-ratelimit-limit-requests"] for field in fields] == ["2", "2"]
        assert [field["x-ratelimit-remaining-requests"] for field in fields] == ["1", "0"]
        assert all(field["x-ratelimit-reset-requests"].endswith("s") for field in fields)
        with pytest.raises(openai.RateLimitError) as caught:
            speak(client)
    assert caught.value.code == "rate_limit_exceeded"
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 30
    with client_of(server, bob) as client:
        for _ in range(4):
            assert speak(client) == speech(TEXT)


def test_characters_a_day_are_limited(serve: Serve) -> None:
    key, entry = new_key("amy")
    with client_of(start(serve, {**entry, "characters_per_day": 8}), key) as client:
        assert speak(client) == speech(TEXT)
        # Two, as a new day may begin behind the first.
        with pytest.raises(openai.RateLimitError) as caught:
            _ = [speak(client) for _ in range(2)]
    assert caught.value.code == "characters_exhausted"
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 86_400


def test_requests_in_the_making_are_limited_until_one_is_cut_off(serve: Serve) -> None:
    key, entry = new_key("amy")
    server = start(serve, {**entry, "concurrent": 1})
    holder = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    holder.request("POST", "/v1/audio/speech", json.dumps({"input": HOLD}), {"Authorization": f"Bearer {key}"})
    with client_of(server, key) as client:
        refusals: list[openai.APIStatusError] = []

        def is_refused() -> bool:
            try:
                speak(client)
            except openai.RateLimitError as error:
                refusals.append(error)
                return True
            return False

        wait_until(is_refused, "the place is taken")
        holder.close()
        wait_until(lambda: not is_refused(), "the place of who left is free")
        assert not is_refused()
    assert {(error.code, error.response.headers["retry-after"]) for error in refusals} == {
        ("concurrency_limit_exceeded", "1")
    }


def test_a_key_is_for_its_classes_only(serve: Serve) -> None:
    key, entry = new_key("amy")
    with client_of(start(serve, {**entry, "classes": ["bulk"]}), key) as client:
        assert speak(client) == speech(TEXT)
        assert speak(client, priority="bulk") == speech(TEXT)
        with pytest.raises(openai.PermissionDeniedError) as caught:
            speak(client, priority="interactive")
    assert (caught.value.code, caught.value.param) == ("priority_not_allowed", "priority")


def test_status_needs_the_key_as_well(serve: Serve) -> None:
    key, entry = new_key("amy")
    server = start(serve, entry)
    refused = chorus("status", "--url", server.url)
    assert refused.returncode == 1
    assert "CHORUS_API_KEY" in refused.stderr
    assert chorus("status", "--url", server.url, CHORUS_API_KEY=key).returncode == 0


def test_an_open_server_is_not_started_by_mistake(tmp_path: Path, serve: Serve) -> None:
    configuration = write_configuration(tmp_path, [espeak_engine()], listen="0.0.0.0:0")
    for arguments in (["serve", "--config", str(configuration)], ["config", "check", str(configuration)]):
        refused = chorus(*arguments)
        assert refused.returncode == 1
        assert "chorus key new" in refused.stderr
        assert "--insecure" in refused.stderr
    assert chorus("config", "check", str(configuration), CHORUS_INSECURE="true").returncode == 0
    server = serve(fake_engine(), listen="0.0.0.0:0", insecure=True)
    assert server.speak(TEXT).content == speech(TEXT)


def test_the_configuration_is_shown_without_the_key(tmp_path: Path) -> None:
    key, entry = new_key("amy")
    configuration = write_configuration(tmp_path, [espeak_engine()], keys=[entry])
    shown = chorus("config", "show", "--config", str(configuration)).stdout
    assert entry["hash"] in shown
    assert key not in shown
    configuration = write_configuration(tmp_path, [espeak_engine()], keys=[{**entry, "hash": key}])
    refused = chorus("config", "check", str(configuration))
    assert refused.returncode == 1
    assert "keys[0].hash" in refused.stderr
    assert key not in refused.stderr


@pytest.mark.parametrize(("header", "value"), [("X-Request-Timeout", "soon"), ("X-Playback", "fast")])
def test_a_header_that_makes_no_sense_is_told(fake_server: Server, header: str, value: str) -> None:
    answer = httpx.post(f"{fake_server.url}/v1/audio/speech", json={"input": TEXT}, headers={header: value})
    assert answer.status_code == 400
    assert header in answer.json()["error"]["message"]
