"""The engine: what a job gets, whatever the jobs before it were."""

import hashlib
import itertools
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from chorus_chattts import text
from chorus_chattts.engine import DEFAULT_SEED, MAX_TEXT_CHARACTERS, ChatTTSEngine
from chorus_chattts.model import EndedAtOnce, Model, Samples
from chorus_worker import BadRequest, Job, NothingToSay, VoiceRecipe
from chorus_worker.frames import Event
from chorus_worker.options import heed

SHORT = {"min_new_token": 10, "max_new_token": 10}


def run(engine: ChatTTSEngine, job: Job) -> Samples:
    return np.concatenate(list(engine.synthesize(job)))


def fingerprint(engine: ChatTTSEngine) -> dict[str, str]:
    """Of what must be the same in every process: all voices, and a job that uses everything that is random."""
    voices = [engine.make_voice(VoiceRecipe(seed=seed)) for seed in range(1, 14)]
    options = SHORT | {"refine": {"min_new_token": 9, "max_new_token": 9}}
    samples = run(engine, Job("你好，世界。Hello.", voice="speaker-5", seed=2, options=options))
    return {
        "voices": hashlib.sha256(json.dumps(voices).encode()).hexdigest(),
        "samples": hashlib.sha256((samples * 32_767).astype("<i2").tobytes()).hexdigest(),
    }


def test_another_process_has_the_same_voices_and_speaks_the_same(engine: ChatTTSEngine, tiny_assets: Path) -> None:
    program = f"""
import importlib.util, json
from argparse import Namespace
from chorus_worker import Context
specification = importlib.util.spec_from_file_location("tests", {__file__!r})
tests = importlib.util.module_from_spec(specification)
specification.loader.exec_module(tests)
engine = tests.ChatTTSEngine()
context = Context("cpu", None, 1, None, Namespace(assets={str(tiny_assets)!r}, compile=False))
engine.prepare(context)
engine.load(context)
print(json.dumps(tests.fingerprint(engine)))
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    fresh = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, timeout=240)
    assert fresh.returncode == 0, fresh.stderr.decode()
    assert json.loads(fresh.stdout) == fingerprint(engine)


def test_a_forked_process_speaks_the_same(engine: ChatTTSEngine, context: Any) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        engine.load(context)
        os.write(writer, json.dumps(fingerprint(engine)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        assert json.load(answer) == fingerprint(engine)
    os.waitpid(child, 0)


def test_no_job_leaves_anything_for_the_next(engine: ChatTTSEngine) -> None:
    """Every job after every other one gives what it gave first."""
    recorded = engine.make_voice(VoiceRecipe(recording=hum(), sample_rate=24_000, text="这是用户甲的秘密句子。"))
    jobs: list[dict[str, Any]] = [
        {"text": "你好。", "options": SHORT},
        {"text": "你好。", "voice": "speaker-4", "options": SHORT},
        {"text": "你好。", "speaker": recorded, "options": SHORT},
        {"text": "你好。", "seed": 8, "options": SHORT | {"temperature": 1.5, "prompt": "[speed_9]", "top_K": 100}},
        {"text": "Hello there.", "options": SHORT | {"manual_seed": 3, "use_decoder": False, "stream_batch": 8}},
        {"text": "你好。", "options": SHORT | {"refine": {"max_new_token": 6, "prompt": "[laugh_1]"}}},
    ]
    first = [run(engine, Job(**job)) for job in jobs]
    for before, job in itertools.permutations(range(len(jobs)), 2):
        run(engine, Job(**jobs[before]))
        np.testing.assert_array_equal(run(engine, Job(**jobs[job])), first[job], f"job {job} after job {before}")
    assert len({samples.tobytes() for samples in first}) == len(jobs)


def hum() -> bytes:
    """Two seconds of it."""
    return (8000 * np.sin(np.arange(48_000) / 20)).astype("<i2").tobytes()


def test_a_job_without_a_seed_has_always_the_same(synthesize: Callable[..., Samples]) -> None:
    without = synthesize("你好。", **SHORT)
    np.testing.assert_array_equal(without, synthesize("你好。", seed=DEFAULT_SEED, **SHORT))
    assert not np.array_equal(without, synthesize("你好。", seed=DEFAULT_SEED + 1, **SHORT))


def pass_deadline(job: Job) -> None:
    """Nobody wants it any more from now on."""
    job.deadline = time.monotonic()


@pytest.mark.parametrize("stop", [Job.cancel, pass_deadline])
def test_a_job_ends_within_one_token_of_its_cancel_or_deadline(
    engine: ChatTTSEngine, monkeypatch: pytest.MonkeyPatch, stop: Callable[[Job], None]
) -> None:
    job = Job("你好。", options={"min_new_token": 500, "max_new_token": 500}, deadline=math.inf)
    steps = 0
    progress = job.progress

    def counted() -> None:
        nonlocal steps
        steps += 1
        progress()
        if steps == 30:
            stop(job)

    monkeypatch.setattr(job, "progress", counted)
    assert sum(len(chunk) for chunk in engine.synthesize(job)) == 12_000
    assert steps == 30
    assert job.cancelled


@pytest.mark.parametrize(
    "options", [{}, {"use_decoder": False}, {"refine": {"min_new_token": 40, "max_new_token": 40}}]
)
def test_every_token_is_progress(engine: ChatTTSEngine, options: dict[str, Any]) -> None:
    """So a long job never stands still for longer than a token takes, not even before its first audio."""
    events: list[Event] = []

    class Watched(Job):
        steps = 0
        before_audio = 0

        def progress(self) -> None:
            super().progress()
            self.steps += 1

    job = Watched(
        "你好。", options=options | {"min_new_token": 200, "max_new_token": 200}, send=lambda *more: events.extend(more)
    )
    for at, _ in enumerate(engine.synthesize(job)):
        if at == 0:
            job.before_audio = job.steps
    refining = 40 if "refine" in options else 0
    assert job.before_audio > refining
    assert job.steps >= refining + 200


def test_a_job_that_is_cancelled_before_it_starts_speaks_nothing(engine: ChatTTSEngine) -> None:
    job = Job("你好。", options=SHORT)
    job.cancel()
    assert list(engine.synthesize(job)) == []


class Attempts:
    """Stands for a model that ends at once, `failures` times."""

    def __init__(self, model: Model, failures: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Takes the place of the model's `speak`."""
        self.seeds: list[int] = []
        self._speak = model.speak
        self._failures = failures
        monkeypatch.setattr(model, "speak", self)

    def __call__(self, *arguments: Any, seed: int, **named: Any) -> Any:
        """Speaks, or does not."""
        self.seeds.append(seed)
        if len(self.seeds) <= self._failures:
            raise EndedAtOnce
        return self._speak(*arguments, seed=seed, **named)


def test_an_empty_result_is_tried_again_with_the_next_seeds(
    model: Model, synthesize: Callable[..., Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    third = synthesize("你好。", seed=DEFAULT_SEED + 2, **SHORT)
    attempts = Attempts(model, 2, monkeypatch)
    np.testing.assert_array_equal(synthesize("你好。", **SHORT), third)
    assert attempts.seeds == [DEFAULT_SEED, DEFAULT_SEED + 1, DEFAULT_SEED + 2]


@pytest.mark.parametrize(
    ("seed", "options", "tries"),
    [(None, {}, 3), (7, {}, 1), (None, {"manual_seed": 7}, 1), (None, {"ensure_non_empty": False}, 1)],
)
def test_a_text_that_stays_empty_is_an_error_that_tells_of_seeds(
    engine: ChatTTSEngine,
    model: Model,
    monkeypatch: pytest.MonkeyPatch,
    seed: int | None,
    options: dict[str, Any],
    tries: int,
) -> None:
    attempts = Attempts(model, 99, monkeypatch)
    with pytest.raises(BadRequest, match="another `seed` or none"):
        list(engine.synthesize(Job("你好。", seed=seed, options=options)))
    assert len(attempts.seeds) == tries


def test_memory_that_does_not_suffice_is_the_failure_of_one_job(
    model: Model, synthesize: Callable[..., Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = synthesize("你好。", **SHORT)

    def no_memory(*_: Any, **__: Any) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(model._chat.gpt.gpt, "forward", no_memory)
        with pytest.raises(torch.cuda.OutOfMemoryError):
            synthesize("你好。", **SHORT)
    np.testing.assert_array_equal(synthesize("你好。", **SHORT), before)


def notes(engine: ChatTTSEngine, text: str, **options: Any) -> list[str]:
    events: list[Event] = []
    list(engine.synthesize(Job(text, options=options, send=lambda *more: events.extend(more))))
    return [event.data["data"]["text"] for event in events]


def test_what_will_not_be_heard_is_noted(engine: ChatTTSEngine) -> None:
    cut = notes(engine, "你好。", **SHORT)
    assert notes(engine, "你好☃。", **SHORT) == ["Not spoken, 1 character: ☃", *cut]
    assert notes(engine, "[oral_2]你好。", **SHORT) == ["Not spoken, 8 characters: [oral_2]", *cut]
    assert notes(engine, "[oral_2]你好。", tokens="all", **SHORT) == cut
    assert notes(engine, "[laugh]你好。", tokens="none", **SHORT) == ["Not spoken, 7 characters: [laugh]", *cut]


def test_speech_that_was_cut_is_noted(engine: ChatTTSEngine) -> None:
    (note,) = notes(engine, "你好。", **SHORT)
    assert "cut after 10 tokens" in note


@pytest.mark.parametrize("text", ["", " \n", "☃", "[Ptts]"])
def test_a_text_without_a_sound_is_nothing_to_say(engine: ChatTTSEngine, text: str) -> None:
    with pytest.raises(NothingToSay):
        list(engine.synthesize(Job(text)))


def test_a_text_that_is_too_long_is_said(engine: ChatTTSEngine) -> None:
    with pytest.raises(BadRequest, match=r"with its numbers in words, .* Split it\."):
        list(engine.synthesize(Job("Add &" + " @ &" * (MAX_TEXT_CHARACTERS // 5))))


def test_a_text_that_is_too_long_is_not_even_prepared(engine: ChatTTSEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(text, "prepare")
    with pytest.raises(BadRequest, match=r"Split it\."):
        list(engine.synthesize(Job("+" * (MAX_TEXT_CHARACTERS + 1))))


@pytest.mark.parametrize(
    "unit",
    [
        "777777777777, ",
        "373,773,377,773; ",
        "7 + ",
        "7+",
        "77% & ",
        "a% & ",
        "a% ",
        "a&b&",
        "$7 ",
        "10 km/h, ",
        "-7°C ",
        "%",
        "哦7% ",
    ],
)
def test_whatever_segment_chorus_cuts_is_not_too_long(engine: ChatTTSEngine, unit: str) -> None:
    """Of the weights that `SpeechWeight` of the gateway gives, 240 at the most."""
    heavy = "0123456789+°哦"
    weight = sum(4 if character in heavy else 1 for character in unit)
    assert run(engine, Job(unit * (240 // weight) + "yes", options=SHORT)).size


def test_options_are_checked(engine: ChatTTSEngine) -> None:
    with pytest.raises(BadRequest, match=r"`temprature` is not an option of chattts\. Did you mean `temperature`"):
        heed(engine, Job("你好。", options={"temprature": 1}))
    with pytest.raises(BadRequest, match="`top_K` must be"):
        list(engine.synthesize(Job("你好。", options={"top_K": 0})))
