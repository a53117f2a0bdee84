"""From what engines yield to what Wyoming carries: 16-bit little-endian samples, one channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chorus_worker.failures import BadAudio, EngineFault
from chorus_worker.frames import Event
from chorus_worker.values import JSON, Audio

SAMPLE_BYTES = 2

AUDIO_STOP = Event("audio-stop")


def audio_start(rate: int) -> Event:
    """How the audio that follows is."""
    return Event("audio-start", _format(rate))


def chunks(audio: Audio, rate: int) -> Iterator[Event]:
    """The audio in events of a second at most; none if it has no samples."""
    samples = pcm(audio)
    for start in range(0, len(samples), rate * SAMPLE_BYTES):
        yield Event("audio-chunk", _format(rate), samples[start : start + rate * SAMPLE_BYTES])


def pcm(audio: Audio) -> bytes:
    """The samples as bytes. Floats are clipped to [-1, 1], multiplied with 32767, and rounded to the nearest.

    Raises EngineFault if the value is not audio, BadAudio if it has NaN or infinity.
    """
    if isinstance(audio, bytes):
        if len(audio) % SAMPLE_BYTES:
            raise EngineFault(f"the engine made {len(audio)} bytes of audio, which is not a number of 16-bit samples")
        return audio
    return _pcm_of_array(audio)


def _format(rate: int) -> dict[str, JSON]:
    return {"rate": rate, "width": SAMPLE_BYTES, "channels": 1}


def _pcm_of_array(audio: Any) -> bytes:
    import numpy as np  # An engine that yields arrays has imported it; others need not have it.

    if not isinstance(audio, np.ndarray):
        raise EngineFault(f"the engine made {type(audio).__name__}; audio is bytes or a numpy array")
    if audio.ndim != 1:
        raise EngineFault(f"the engine made an array of shape {audio.shape}; audio has one dimension")
    if np.issubdtype(audio.dtype, np.floating):
        if bad := np.count_nonzero(~np.isfinite(audio)):
            raise BadAudio(f"the engine made audio in which {bad} of {audio.size} samples are NaN or infinite")
        audio = np.rint(np.clip(audio.astype(np.float32, copy=False), -1, 1) * 32767)
    elif not np.issubdtype(audio.dtype, np.int16):
        raise EngineFault(f"the engine made an array of {audio.dtype}; audio is floats or int16")
    return bytes(audio.astype("<i2").tobytes())
