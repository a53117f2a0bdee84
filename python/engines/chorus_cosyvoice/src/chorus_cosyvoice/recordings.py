"""Voices that are recordings: kept as files, because what CosyVoice makes of one is too large to travel with every job.

A directory holds `NAME.wav` with what is said in it, `NAME.txt`: those are voices from the start. Below it, in `made`,
are the recordings of voices that were made later, each named by the SHA-256 of its file: a job's speaker says which.
"""

import hashlib
import io
import os
import re
import tempfile
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chorus_cosyvoice.options import spoken
from chorus_worker import JSON, BadRequest, VoiceRecipe

SECONDS = (1.0, 30.0)
"""The shortest recording that tells enough of a voice, and the longest that CosyVoice takes."""

SAMPLE_RATES = (16_000, 48_000)
"""The lowest rate that CosyVoice takes, and a highest one that keeps files below 3 MB."""

MAX_TRANSCRIPT_CHARACTERS = 300
"""Of what is said in a recording: 30 s of quick speech."""

MAX_MADE = 1000
"""Recordings in `made`. Nobody tells this engine when a voice is no longer needed."""


@dataclass(frozen=True)
class Recording:
    """Somebody speaking."""

    path: Path
    """A WAV file."""
    text: str
    """What is said in it."""


class Recordings:
    """The recordings in a directory, which all instances of a machine share."""

    def __init__(self, directory: Path) -> None:
        """It need not exist yet."""
        self._directory = directory
        self._made = directory / "made"

    def named(self) -> dict[str, Recording]:
        """The voices that are there from the start. Raises OSError if one lacks its text."""
        files = sorted(self._directory.glob("*.wav"))
        return {file.stem: Recording(file, file.with_suffix(".txt").read_text("utf-8").strip()) for file in files}

    def keep(self, recipe: VoiceRecipe) -> dict[str, JSON]:
        """Writes a recording, and returns the speaker that stands for it. Raises BadRequest if it is of no use."""
        if recipe.recording is None:
            raise BadRequest("CosyVoice makes voices from recordings only: send one, with its text")
        text = _transcript(recipe.text)
        file = _wav(recipe.recording, recipe.sample_rate or 0)
        digest = hashlib.sha256(file).hexdigest()
        self._write(digest, file)
        return {"recording": digest, "text": text}

    def of(self, speaker: Mapping[str, JSON]) -> Recording:
        """The recording that a speaker stands for. Raises BadRequest if it stands for none, or for a lost one."""
        digest = speaker.get("recording")
        if speaker.keys() != {"recording", "text"} or not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise BadRequest("a speaker of CosyVoice is `recording`, a SHA-256, and `text`; make a voice to get one")
        recording = Recording(self._path(digest), _transcript(speaker["text"]))
        if not recording.path.is_file():
            raise BadRequest(f"the recording of this voice, {recording.path}, is gone; make the voice again")
        return recording

    def _path(self, digest: str) -> Path:
        return self._made / f"{digest}.wav"

    def _write(self, digest: str, file: bytes) -> None:
        """Whole or not at all: another instance may read it at any moment."""
        self._made.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._path(digest).exists():
            return
        if sum(1 for _ in self._made.glob("*.wav")) >= MAX_MADE:
            raise BadRequest(f"there are {MAX_MADE} recordings in {self._made}; remove some that no voice needs")
        with tempfile.NamedTemporaryFile(dir=self._made, delete=False) as new:
            new.write(file)
        os.replace(new.name, self._path(digest))


_DIGEST = re.compile(r"[0-9a-f]{64}")


def _transcript(text: JSON) -> str:
    words = spoken(text, "none")[0].strip() if isinstance(text, str) else ""
    if not 0 < len(words) <= MAX_TRANSCRIPT_CHARACTERS:
        limit = f"at most {MAX_TRANSCRIPT_CHARACTERS} characters"
        raise BadRequest(f"a voice from a recording needs its text: what is said in it, in {limit}")
    return words


def _wav(samples: bytes, rate: int) -> bytes:
    if not SAMPLE_RATES[0] <= rate <= SAMPLE_RATES[1]:
        low, high = SAMPLE_RATES
        raise BadRequest(f"the recording has {rate} samples a second, but must have {low} to {high}")
    seconds = len(samples) / 2 / rate
    if not SECONDS[0] <= seconds <= SECONDS[1]:
        raise BadRequest(f"the recording is {seconds:.1f} s long, but must be {SECONDS[0]:g} to {SECONDS[1]:g} s")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(samples)
    return file.getvalue()
