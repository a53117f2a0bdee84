"""From events of the gateway to work: shapes are checked here, so that an engine never sees a wrong type."""

from __future__ import annotations

import time
from typing import Any

from chorus_worker.engine import VoiceRecipe
from chorus_worker.failures import BadRequest
from chorus_worker.frames import Event
from chorus_worker.job import Job
from chorus_worker.values import JSON
from chorus_worker.work import Send, Work

MAX_SEED = 2**32 - 1
SAMPLE_RATES = range(8_000, 192_001)
"""Samples per second that a recording may have."""
MAX_DEADLINE = 1e9
"""Seconds, thirty years: a deadline that is further away means this one."""


class VoiceOrder(Work):
    """A voice to make."""

    def __init__(self, recipe: VoiceRecipe, send: Send) -> None:
        """`send` as for any work."""
        super().__init__(send)
        self.recipe = recipe


class Release(Work):
    """Memory to give back that no job needs."""


def read_job(event: Event, send: Send) -> Job:
    """What a `synthesize` asks for. Raises BadRequest."""
    context = dict(_object(event.data.get("context"), "context"))
    speaker = context.pop("speaker", None)
    deadline = _deadline(context.pop("deadline", None))
    return Job(
        _required(_text(event.data, "text"), "text"),
        voice=_text(_object(event.data.get("voice"), "voice"), "name"),
        speaker=None if speaker is None else _object(speaker, "context.speaker"),
        seed=_integer(context.pop("seed", None), "context.seed", range(MAX_SEED + 1)),
        options=context,
        deadline=deadline,
        send=send,
    )


def read_voice_order(event: Event, send: Send) -> VoiceOrder:
    """What a `chorus.voice` asks for. Raises BadRequest."""
    data = _object(event.data.get("data"), "data")
    recipe = VoiceRecipe(
        seed=_integer(data.get("seed"), "seed", range(MAX_SEED + 1)),
        code=_text(data, "code"),
        recording=event.payload,
        sample_rate=_integer(data.get("sample_rate"), "sample_rate", SAMPLE_RATES),
        text=_text(data, "text"),
    )
    if sum(part is not None for part in (recipe.seed, recipe.code, recipe.recording)) != 1:
        raise BadRequest("a voice is made of exactly one of seed, code and a recording")
    if recipe.recording is not None:
        _required(recipe.sample_rate, "sample_rate")
        if len(recipe.recording) % 2:
            raise BadRequest("the recording has half a sample too many; it must be 16-bit samples, mono")
    return VoiceOrder(recipe, send)


def _text(values: dict[str, JSON], key: str) -> str | None:
    value = values.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadRequest(f"{key} must be a string")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadRequest(f"{key} has half of a surrogate pair; send whole characters") from None
    return value


def _object(value: JSON, what: str) -> dict[str, JSON]:
    if not isinstance(value, dict | None):
        raise BadRequest(f"{what} must be an object")
    return value or {}


def _integer(value: JSON, what: str, legal: range) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value not in legal:
        raise BadRequest(f"{what} must be an integer from {legal[0]} to {legal[-1]}")
    return value


def _deadline(value: JSON) -> float | None:
    """From seconds that are left, none or less if it has passed, to `time.monotonic`'s clock."""
    if value is None:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or value != value:  # NaN alone is not itself; `math.isnan` fails for what no float can hold.
        raise BadRequest("context.deadline must be a number of seconds")
    return time.monotonic() + float(min(max(value, 0), MAX_DEADLINE))


def _required(value: Any, what: str) -> Any:
    if value is None:
        raise BadRequest(f"{what} is missing")
    return value
