"""What the FakeWorker says: its audio is a pure function of voice and text, so an answer can be checked bit for bit."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 24_000
SAMPLES_PER_SCALAR = 240
DEFAULT_VOICE = "fake"

_FNV_OFFSET = 0xCBF29CE484222325
_FNV_PRIME = 0x100000001B3
_MULTIPLIER = 6364136223846793005
_INCREMENT = 1442695040888963407
_MASK = (1 << 64) - 1


def speech(text: str, voice: str = DEFAULT_VOICE) -> bytes:
    """The pcm of one segment."""
    return _samples(_hash(f"{voice}\n{text}"), SAMPLES_PER_SCALAR * len(text)).tobytes()


@dataclass(frozen=True)
class Heard:
    """What was heard in a piece of pcm."""

    segments: list[str]
    """The segments that the text was cut into, as far as the audio goes."""
    whole: bool
    """Whether the audio is all of the text, and nothing else."""
    right: bool
    """Whether the audio is that of the text as far as it goes: only its end may be missing."""


def listen(pcm: bytes, text: str, voice: str = DEFAULT_VOICE) -> Heard:
    """Finds the segments of `text` that `pcm` consists of, whatever the cuts between them are.

    Audio that is not `text` spoken from its beginning is not whole; audio that stops in the middle is heard up to the
    last segment that is complete.
    """
    segments: list[str] = []
    position = start = 0
    while start < len(text):
        rest = pcm[position:]
        end = next((end for end, spoken in _segments(rest, text, start, voice) if rest.startswith(spoken)), None)
        if end is None:
            right = not rest or any(spoken.startswith(rest) for _, spoken in _segments(rest, text, start, voice))
            return Heard(segments, whole=False, right=right)
        segments.append(text[start:end])
        position += 2 * SAMPLES_PER_SCALAR * (end - start)
        start = end
        while start < len(text) and text[start].isspace():
            start += 1
    return Heard(segments, whole=position == len(pcm), right=position == len(pcm))


def _segments(pcm: bytes, text: str, start: int, voice: str) -> Iterator[tuple[int, bytes]]:
    """The segments from `start` that sound like `pcm` at their very beginning: where they end, and their pcm."""
    state = _hash(f"{voice}\n")
    for end in range(start + 1, len(text) + 1):
        state = _hash(text[end - 1], state)
        if _samples(state, 4).tobytes().startswith(pcm[:8]):
            yield end, _samples(state, SAMPLES_PER_SCALAR * (end - start)).tobytes()


def _hash(text: str, state: int = _FNV_OFFSET) -> int:
    for byte in text.encode():
        state = ((state ^ byte) * _FNV_PRIME) & _MASK
    return state


def _samples(state: int, count: int) -> NDArray[np.int16]:
    factors, terms = _powers(1 << max(count - 1, 0).bit_length())
    states = factors[:count] * np.uint64(state) + terms[:count]
    return (states >> np.uint64(48)).astype(np.uint16).view(np.int16)


@cache
def _powers(count: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Factor and term that lead from the first state to the state after n steps, for n = 1 … count."""
    factors, terms = [_MULTIPLIER], [_INCREMENT]
    for _ in range(count - 1):
        factors.append(factors[-1] * _MULTIPLIER & _MASK)
        terms.append((terms[-1] * _MULTIPLIER + _INCREMENT) & _MASK)
    return np.array(factors, np.uint64), np.array(terms, np.uint64)
