"""CosyVoice's own thread does not outlive the job that it works for."""

import math
import threading
import time

import pytest

from chorus_cosyvoice.model import Model
from chorus_cosyvoice.options import Options
from chorus_cosyvoice.tokens import Abandoned
from chorus_worker import Job

ENDLESS = "∞"


def assert_nothing_is_left(model: Model) -> None:
    assert "llm" not in {thread.name for thread in threading.enumerate()}
    inner = model._cosyvoice.model
    assert not inner.tts_speech_token_dict
    assert not inner.llm_end_dict


def test_it_ends_when_nobody_listens_any_more(model: Model) -> None:
    speech = model.speak(Job(ENDLESS), ENDLESS, "custom", Options())
    next(speech)
    speech.close()
    assert_nothing_is_left(model)


def test_no_sound_is_made_for_a_cancelled_job(model: Model) -> None:
    job = Job(ENDLESS)
    speech = model.speak(job, job.text, "custom", Options())
    next(speech)
    job.cancel()
    with pytest.raises(Abandoned):
        next(speech)
    assert_nothing_is_left(model)


def test_no_sound_is_made_after_the_deadline(model: Model) -> None:
    job = Job(ENDLESS, deadline=math.inf)
    speech = model.speak(job, job.text, "custom", Options())
    next(speech)
    job.deadline = time.monotonic()
    with pytest.raises(Abandoned):
        next(speech)
    assert_nothing_is_left(model)


def test_every_token_is_progress(model: Model) -> None:
    class Watched(Job):
        steps = 0

        def progress(self) -> None:
            super().progress()
            self.steps += 1

    job = Watched("hello", seed=1)
    (sound,) = model.speak(job, job.text, "custom", Options())
    assert job.steps == sound.size / 960
