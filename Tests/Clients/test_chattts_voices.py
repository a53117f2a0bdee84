"""Voices that callers make: kept by the gateway, the same on every instance and over restarts."""

import math
import struct
from pathlib import Path

import httpx

from chattts import chattts_engine, tokens
from conftest import Serve
from server import Server

TEXT = "我们明天早上在车站见面。"


def a_recording(length: float = 2.0, rate: int = 16_000) -> bytes:
    """A WAV file of a tone that swells and fades."""
    count = int(length * rate)
    tone = [int(9000 * math.sin(n * 0.05) * math.sin(math.pi * n / count)) for n in range(count)]
    data = struct.pack(f"<{count}h", *tone)
    shape = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", 36 + len(data), b"WAVE") + shape + struct.pack("<4sI", b"data", len(data)) + data
    )


def make(server: Server, status: int = 200, **fields: object) -> httpx.Response:
    """Asks for a voice."""
    answer = httpx.post(f"{server.url}/v1/audio/voices", json=fields, timeout=60)
    assert answer.status_code == status, answer.text
    return answer


def record(server: Server, name: str, wav: bytes, text: str, status: int = 200) -> httpx.Response:
    """Asks for a voice like that of a recording, as OpenAI's clients do."""
    files = {"audio_sample": ("sample.wav", wav, "audio/wav")}
    answer = httpx.post(f"{server.url}/v1/audio/voices", data={"name": name, "text": text}, files=files, timeout=60)
    assert answer.status_code == status, answer.text
    return answer


def names(server: Server) -> list[str]:
    """The voices that it offers."""
    return [voice["id"] for voice in httpx.get(f"{server.url}/v1/audio/voices").raise_for_status().json()["voices"]]


def say(server: Server, voice: str) -> bytes:
    """What a voice makes of the text."""
    return server.speak(TEXT, voice=voice, engine_options=tokens(24)).raise_for_status().content


def test_openai_voices_are_speakers_that_differ(chattts_server: Server) -> None:
    voices = ["alloy", "echo", "nova", "shimmer"]
    assert len({say(chattts_server, voice) for voice in voices}) == len(voices)


def test_made_voices_outlive_the_server(serve: Serve, chattts_assets: Path, tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    server = serve(chattts_engine(chattts_assets, instances=2), state_dir=state)
    make(server, name="anna", seed=4099, description="Calm")
    record(server, "ben", a_recording(), "你好，我是小明。")
    assert {"anna", "ben"} <= set(names(server))
    before = {voice: say(server, voice) for voice in ("anna", "ben", "speaker-1")}
    assert len(set(before.values())) == 3
    server.stop()

    again = serve(chattts_engine(chattts_assets, instances=2), state_dir=state)
    for voice, audio in before.items():
        for _ in range(2):
            assert say(again, voice) == audio, voice
    assert httpx.delete(f"{again.url}/v1/audio/voices/anna").status_code == 200
    assert "anna" not in names(again)
    assert again.speak(TEXT, voice="anna").status_code == 400


def test_a_seed_is_the_built_in_speaker_of_that_seed(serve: Serve, chattts_assets: Path, tmp_path: Path) -> None:
    server = serve(chattts_engine(chattts_assets, instances=1), state_dir=str(tmp_path / "state"))
    make(server, name="seven", seed=7)
    assert say(server, "seven") == say(server, "speaker-7")
    make(server, status=409, name="seven", seed=8)
    make(server, status=400, name="code", speaker_code="this is none")
    make(server, status=400, name="neither")
    record(server, "mute", bytes(a_recording()[:44]) + bytes(64_000), "你好", status=400)
    record(server, "short", a_recording(0.2), "你好", status=400)
    record(server, "text", a_recording(), "", status=400)
    record(server, "junk", b"ID3 this is no WAV file", "你好", status=400)
    assert say(server, "seven") == say(server, "speaker-7"), "nothing of this harmed the engine"


def test_a_long_text_keeps_its_voice(chattts_server: Server) -> None:
    places = ("车站", "学校", "公园")
    sentences = [f"我们在{place}等了很久很久才等到这一班又大又旧的蓝色公共汽车。" for place in places]

    def spoken(text: str, voice: str) -> bytes:
        answer = chattts_server.speak(text, voice=voice, engine_options=tokens(24))
        return answer.raise_for_status().content

    long = spoken("\n".join(sentences), "speaker-2")
    assert long == b"".join(spoken(sentence, "speaker-2") for sentence in sentences)
    assert long != b"".join(spoken(sentence, "speaker-3") for sentence in sentences)
