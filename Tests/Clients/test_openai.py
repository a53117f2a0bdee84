"""The `openai` package, as OpenAI's own users use it."""

import base64
import json
from collections.abc import Iterator
from typing import Any, Literal

import openai
import pytest

from audio import FORMATS, decode, pitch, seconds
from conftest import Serve
from fake_voice import listen, speech
from server import Server, fake_engine
from texts import SENTENCE, sentences

PARAGRAPH = sentences(20)

Format = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]


def client_of(server: Server) -> openai.OpenAI:
    """A client that does not try again by itself."""
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="not needed", max_retries=0, timeout=120)


@pytest.fixture(scope="module")
def espeak(espeak_server: Server) -> Iterator[openai.OpenAI]:
    """A client of the server that really speaks."""
    with client_of(espeak_server) as client:
        yield client


@pytest.fixture(scope="module")
def fake(fake_server: Server) -> Iterator[openai.OpenAI]:
    """A client of the server whose audio is known."""
    with client_of(fake_server) as client:
        yield client


@pytest.mark.parametrize("audio_format", FORMATS)
def test_every_format_is_spoken(espeak: openai.OpenAI, audio_format: Format) -> None:
    answer = espeak.audio.speech.create(model="tts-1", voice="alloy", input=SENTENCE, response_format=audio_format)
    assert 1.5 < seconds(decode(answer.content, audio_format)) < 5


def test_mp3_is_the_default(espeak: openai.OpenAI) -> None:
    answer = espeak.audio.speech.create(model="espeak", voice="nova", input="Hello.")
    assert answer.response.headers["content-type"] == "audio/mpeg"
    assert decode(answer.content, "mp3")


@pytest.mark.parametrize(
    "voice", ["alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse"]
)
def test_openai_voices_work_out_of_the_box(fake: openai.OpenAI, voice: str) -> None:
    assert fake.audio.speech.create(model="tts-1", voice=voice, input="Hello", response_format="pcm").content


def test_the_answer_is_the_voice_that_was_asked_for(fake: openai.OpenAI) -> None:
    for voice in ("fake", "fake2"):
        answer = fake.audio.speech.create(model="fake", voice=voice, input="Hello", response_format="pcm")
        assert answer.content == speech("Hello", voice)


def test_a_long_text_streams(fake: openai.OpenAI) -> None:
    with fake.audio.speech.with_streaming_response.create(
        model="fake", voice="fake", input=PARAGRAPH, response_format="pcm"
    ) as answer:
        assert answer.headers["content-type"].startswith("audio/pcm")
        chunks = list(answer.iter_bytes(4096))
    assert len(chunks) > 1
    assert listen(b"".join(chunks), PARAGRAPH).whole


def test_server_sent_events_carry_the_same_audio(fake: openai.OpenAI) -> None:
    with fake.audio.speech.with_streaming_response.create(
        model="fake", voice="fake", input=PARAGRAPH, response_format="pcm", stream_format="sse"
    ) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line.startswith("data: ")]
    *deltas, done = events
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    assert done["type"] == "speech.audio.done"
    assert {"input_tokens", "output_tokens", "total_tokens"} <= set(done["usage"])
    assert done["usage"]["total_tokens"] == done["usage"]["input_tokens"] + done["usage"]["output_tokens"]
    assert listen(b"".join(base64.b64decode(event["audio"], validate=True) for event in deltas), PARAGRAPH).whole


@pytest.mark.parametrize("speed", [0.25, 0.5, 1.5, 4.0])
def test_speed_changes_the_length_and_keeps_the_pitch(espeak: openai.OpenAI, speed: float) -> None:
    def spoken(speed: float) -> bytes:
        return espeak.audio.speech.create(
            model="espeak", voice="en-us", input=SENTENCE, response_format="pcm", speed=speed
        ).content

    usual, changed = spoken(1), spoken(speed)
    assert seconds(changed) * speed == pytest.approx(seconds(usual), rel=0.05)
    assert pitch(changed) == pytest.approx(pitch(usual), rel=0.1)


BAD_REQUESTS: list[tuple[dict[str, Any], type[openai.APIStatusError], str]] = [
    ({"model": "nope"}, openai.NotFoundError, "model"),
    ({"voice": "nope"}, openai.BadRequestError, "voice"),
    ({"input": ""}, openai.BadRequestError, "input"),
    ({"input": " \n\t "}, openai.BadRequestError, "input"),
    ({"input": "{die} " * 20_000}, openai.BadRequestError, "input"),
    ({"response_format": "midi"}, openai.BadRequestError, "response_format"),
    ({"speed": 0.2}, openai.BadRequestError, "speed"),
    ({"speed": 4.1}, openai.BadRequestError, "speed"),
    ({"extra_body": {"speed": "fast"}}, openai.BadRequestError, "speed"),
    ({"stream_format": "carrier pigeon"}, openai.BadRequestError, "stream_format"),
]


def test_a_bad_request_is_explained_and_reaches_no_worker(serve: Serve) -> None:
    server = serve(fake_engine())
    with client_of(server) as client:
        for fields, kind, param in BAD_REQUESTS:
            with pytest.raises(kind) as caught:
                client.audio.speech.create(**{"model": "fake", "voice": "fake", "input": "{die}", **fields})
            error = caught.value
            assert error.param == param, fields
            assert error.type == "invalid_request_error"
            assert len(str(error.body)) > 20
            assert error.response.headers["x-request-id"]
    assert server.is_idle()
    assert (server.restarts(), server.jobs_done()) == (0, 0)


def test_models_are_listed_and_found(fake: openai.OpenAI) -> None:
    assert {"fake", "tts-1"} <= {model.id for model in fake.models.list()}
    assert fake.models.retrieve("fake").object == "model"
    with pytest.raises(openai.NotFoundError):
        fake.models.retrieve("nope")
