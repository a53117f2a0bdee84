"""What a slot does all day: takes work, has the engine do it, and tells how it ended."""

from __future__ import annotations

import json
import logging
import traceback

from wyoming.audio import AudioStart, AudioStop
from wyoming.event import Event
from wyoming.user_event import UserEvent

from chorus_worker import memory
from chorus_worker.audio import SAMPLE_BYTES, chunks
from chorus_worker.engine import Engine
from chorus_worker.failures import INTERNAL, OUT_OF_MEMORY, EngineFault, Failure
from chorus_worker.job import Job
from chorus_worker.options import heed
from chorus_worker.queue import WorkQueue
from chorus_worker.requests import Release, VoiceOrder
from chorus_worker.work import Work

_log = logging.getLogger(__name__)


def run_slot(engine: Engine, queue: WorkQueue, reports: memory.MemoryReports) -> None:
    """Works until the queue is closed."""
    while (order := queue.take()) is not None:
        if isinstance(order.work, Release):
            memory.give_back()
            queue.done(order)
            order.customer.finish(order.work, reports.fresh())
            continue
        last = _answer(engine, order.work)
        queue.done(order)
        order.customer.finish(order.work, last)
        has_given_back = last.data.get("code") == OUT_OF_MEMORY
        if report := reports.fresh() if has_given_back else reports.after_job():
            order.work.send(report)


def _answer(engine: Engine, work: Work) -> Event:
    """Does the work and sends its events but for the last, which is returned."""
    try:
        return _perform(engine, work)
    except BaseException as error:  # An engine that calls sys.exit() fails its job, not the worker.
        failure = Failure.of(work.cancellation() if work.cancelled else error)
        if failure.code in {INTERNAL, OUT_OF_MEMORY}:
            # Where and what kind, but not its words: they may be the caller's.
            frames = "".join(traceback.format_tb(error.__traceback__)).rstrip()
            _log.error("A job failed: %s: %s\n%s", failure.code, type(error).__name__, frames)
    # Here the exception is gone, and with it the frames that hold what has to be freed.
    if failure.code == OUT_OF_MEMORY:
        memory.give_back()
    return failure.event()


def _perform(engine: Engine, work: Work) -> Event:
    match work:
        case Job():
            return _speak(engine, work)
        case VoiceOrder():
            return _make_voice(engine, work)
    raise TypeError(f"no slot knows how to do a {type(work).__name__}")


def _speak(engine: Engine, job: Job) -> Event:
    _check_wanted(job)
    is_started = False
    heed(engine, job)
    audio = engine.synthesize(job)
    try:
        for part in audio:
            job.progress()  # Also for a part without samples, of which Chorus would hear nothing.
            for chunk in chunks(part, engine.sample_rate):
                _check_wanted(job)
                if not is_started:
                    job.send(AudioStart(engine.sample_rate, SAMPLE_BYTES, 1).event())
                    is_started = True
                job.send(chunk.event())
    finally:
        if hasattr(audio, "close"):  # A generator stops where it is, now and not when it is collected.
            audio.close()
    _check_wanted(job)
    if not is_started:
        raise EngineFault("the engine made no audio, and did not raise NothingToSay")
    return AudioStop().event()


def _check_wanted(job: Job) -> None:
    if job.cancelled:
        raise job.cancellation()


def _make_voice(engine: Engine, order: VoiceOrder) -> Event:
    speaker = engine.make_voice(order.recipe)
    try:
        json.dumps(speaker, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise EngineFault(f"the speaker that the engine made is not JSON: {error}") from error
    return UserEvent("chorus.voice", {"speaker": speaker}).event()
