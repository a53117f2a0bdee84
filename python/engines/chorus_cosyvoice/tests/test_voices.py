"""Voices that are recordings."""

import asyncio
import json
import math
import wave
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chorus_cosyvoice.model import Model
from chorus_cosyvoice.options import Options
from chorus_cosyvoice.recordings import MAX_MADE, Recording
from chorus_worker import Job

from .conftest import MakeModel
from .worker import Answer, Worker, make_voice, speak

RATE = 16_000


def tone(seconds: float, rate: int = RATE) -> bytes:
    return array("h", [round(9000 * math.sin(0.1 * n)) for n in range(int(seconds * rate))]).tobytes()


def write(path: Path, text: str, volume: int = 1) -> None:
    path.parent.mkdir(exist_ok=True)
    path.with_suffix(".txt").write_text(text + "\n", "utf-8")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(array("h", [1000 * volume] * 2 * RATE).tobytes())


def order(worker: Worker, recording: bytes | None, **data: Any) -> Answer:
    async def run() -> Answer:
        async with worker.client() as client:
            return await make_voice(client, recording, **data)

    return asyncio.run(run())


def say(worker: Worker, text: str, voice: str | None = None, **context: Any) -> Answer:
    async def run() -> Answer:
        async with worker.client() as client:
            return await speak(client, text, voice, **context)

    return asyncio.run(run())


def test_a_voice_made_on_one_instance_is_the_same_on_another(make_model: MakeModel, tmp_path: Path) -> None:
    write(tmp_path / "voices" / "anna.wav", "what Anna says")
    model = make_model(2)
    with Worker(tmp_path, model) as first, Worker(tmp_path, model, name="second") as second:
        speaker = order(first, tone(3), sample_rate=RATE, text=" 希望你做得好。 ").speaker
        assert speaker is not None
        assert speaker.keys() == {"recording", "text"}
        assert len(json.dumps(speaker)) < 1000
        answers = [say(worker, "hello", speaker=speaker, seed=3) for worker in (first, second)]
        default = say(first, "hello", seed=3)
        assert np.array_equal(answers[0].samples, answers[1].samples)
        assert not np.array_equal(answers[0].samples, default.samples)
        assert first.call("hello")["call"] == "inference_zero_shot"
        assert [path.stem for path in (tmp_path / "voices" / "made").iterdir()] == [speaker["recording"]]
        assert order(first, tone(3), sample_rate=RATE, text="希望你做得好。").speaker == speaker


@pytest.mark.parametrize(
    ("recording", "data", "reason"),
    [
        (None, {"seed": 1}, "CosyVoice makes voices from recordings only"),
        (None, {"code": "x"}, "CosyVoice makes voices from recordings only"),
        (tone(2), {"sample_rate": RATE}, "needs its text"),
        (tone(2), {"sample_rate": RATE, "text": " "}, "needs its text"),
        (tone(2), {"sample_rate": RATE, "text": "x" * 301}, "in at most 300 characters"),
        (tone(2), {"sample_rate": RATE, "text": "<|endofprompt|>"}, "needs its text"),
        (tone(2, 8000), {"sample_rate": 8000, "text": "x"}, "has 8000 samples a second, but must have 16000 to 48000"),
        (tone(0.9), {"sample_rate": RATE, "text": "x"}, "is 0.9 s long, but must be 1 to 30 s"),
        (tone(30.5), {"sample_rate": RATE, "text": "x"}, "is 30.5 s long, but must be 1 to 30 s"),
    ],
)
def test_what_makes_no_voice_is_told(
    worker: Worker, recording: bytes | None, data: dict[str, Any], reason: str
) -> None:
    error = order(worker, recording, **data).error
    assert error is not None
    assert error.code == "bad_request"
    assert reason in error.text


def test_recordings_are_not_kept_without_end(make_model: MakeModel, tmp_path: Path) -> None:
    with Worker(tmp_path, make_model(2, "custom")) as worker:
        known = order(worker, tone(2), sample_rate=RATE, text="known").speaker
        made = tmp_path / "voices" / "made"
        for number in range(MAX_MADE - 1):
            (made / f"{number:064x}.wav").touch()
        error = order(worker, tone(3), sample_rate=RATE, text="one too many").error
        assert order(worker, tone(2), sample_rate=RATE, text="known").speaker == known
    assert error is not None
    assert error.code == "bad_request"
    assert "there are 1000 recordings" in error.text


@pytest.mark.parametrize(
    ("version", "prompt", "told"),
    [
        (2, "what Anna says", "softly<|endofprompt|>"),
        (
            3,
            "You are a helpful assistant.<|endofprompt|>what Anna says",
            "You are a helpful assistant. softly<|endofprompt|>",
        ),
    ],
)
def test_versions_2_and_3_follow_instructions_with_a_recording(
    make_model: MakeModel, tmp_path: Path, version: int, prompt: str, told: str
) -> None:
    write(tmp_path / "voices" / "anna.wav", "what Anna says")
    with Worker(tmp_path, make_model(version)) as worker:
        assert say(worker, "plainly", "anna").notes == []
        assert say(worker, "as told", "anna", instructions="softly").notes == []
        assert worker.wait_for(lambda line: line.get("call") == "add_zero_shot_spk")["prompt_text"] == prompt
        assert worker.call("plainly")["call"] == "inference_zero_shot"
        assert worker.call("as told")["call"] == "inference_instruct2"
        assert worker.call("as told")["instruct_text"] == told


def test_version_1_says_that_it_does_not(make_model: MakeModel, tmp_path: Path) -> None:
    write(tmp_path / "voices" / "anna.wav", "what Anna says")
    with Worker(tmp_path, make_model(1, "custom")) as worker:
        answer = say(worker, "hello", "anna", instructions="softly")
    assert answer.notes == [
        "`instructions` has no effect: CosyVoice follows them from version 2 on, and in the voice of a recording."
    ]
    assert {chunk.rate for chunk in answer.chunks} == {22_050}


def test_few_recordings_stay_on_the_device(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chorus_cosyvoice.model.MAX_REMEMBERED", 2)
    recordings = [Recording(tmp_path / f"{name}.wav", name) for name in "abc"]
    for volume, each in enumerate(recordings):
        write(each.path, each.text, volume)
    first = [next(model.speak(Job("hello", seed=1), "hello", each, Options())) for each in recordings]
    assert len(model._cosyvoice.list_available_spks()) == 1 + 2
    again = [next(model.speak(Job("hello", seed=1), "hello", each, Options())) for each in recordings]
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))


def test_a_recording_saved_in_the_model_is_spoken_as_such(model: Model, tmp_path: Path) -> None:
    write(tmp_path / "saved.wav", "saved")
    model._cosyvoice.add_zero_shot_spk("saved", str(tmp_path / "saved.wav"), "saved")
    assert next(model.speak(Job("hello"), "hello", "saved", Options())).size
