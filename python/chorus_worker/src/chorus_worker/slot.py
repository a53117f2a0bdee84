"""What a slot does all day: takes work, has the engine do it, and tells how it ended."""

from __future__ import annotations

import json
import logging
import traceback

from chorus_worker import memory
from chorus_worker.audio import AUDIO_STOP, audio_start, chunks
from chorus_worker.connection import Service
from chorus_worker.engine import Engine
from chorus_worker.failures import INTERNAL, OUT_OF_MEMORY, EngineFault, Failure
from chorus_worker.frames import Event, user_event
from chorus_worker.job import Job
from chorus_worker.options import heed
from chorus_worker.requests import Release, VoiceOrder
from chorus_worker.wire import Wire
from chorus_worker.work import Work

_log = logging.getLogger(__name__)


def run_slot(engine: Engine, wire: Wire, service: Service) -> None:
    """Works until the worker is to end."""
    order = None
    while (order := wire.take(order)) is not None:
        if isinstance(order.work, Release):
            memory.give_back()
            service.queue.done(order)
            order.customer.finish(order.work, service.reports.fresh())
        else:
            last = _answer(engine, order.work)
            service.queue.done(order)
            order.customer.finish(order.work, last)
            has_given_back = last.data.get("code") == OUT_OF_MEMORY
            if report := service.reports.fresh() if has_given_back else service.reports.after_job():
                order.customer.send(report)
        order.customer.leave()


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
                if is_started:
                    job.send(chunk)
                else:
                    job.send(audio_start(engine.sample_rate), chunk)
                    is_started = True
    finally:
        if hasattr(audio, "close"):  # A generator stops where it is, now and not when it is collected.
            audio.close()
    _check_wanted(job)
    if not is_started:
        raise EngineFault("the engine made no audio, and did not raise NothingToSay")
    return AUDIO_STOP


def _check_wanted(job: Job) -> None:
    if job.cancelled:
        raise job.cancellation()


def _make_voice(engine: Engine, order: VoiceOrder) -> Event:
    speaker = engine.make_voice(order.recipe)
    try:
        json.dumps(speaker, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise EngineFault(f"the speaker that the engine made is not JSON: {error}") from error
    return user_event("chorus.voice", {"speaker": speaker})
