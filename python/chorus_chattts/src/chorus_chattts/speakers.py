"""Voices: the built-in ones, and those made of a seed, of a pasted code or of a recording.

A voice is a few strings that go into ChatTTS's parameters with every job: `spk_emb`, an embedding, or `spk_smp` with
`txt_smp`, the audio codes of a recording and what is said in it. They mean the same on every instance.
"""

import functools
import lzma
import re
import struct
from collections.abc import Mapping

import numpy as np
import pybase16384
import torch
from torchaudio.functional import resample

from chorus_chattts.model import SAMPLE_RATE, TOKENS_PER_SECOND, Model, Samples
from chorus_chattts.text import prepare
from chorus_worker import JSON, BadRequest, NothingToSay, Voice, VoiceRecipe

BUILT_IN = tuple(
    Voice(f"speaker-{seed}", ("zh", "en"), f"A speaker at random, from the seed {seed}") for seed in range(1, 14)
)
"""As many as OpenAI's API has names for. `speaker-7` is the voice that the seed 7 makes."""

MIN_RECORDING = 1.0
"""Seconds of a recording that tell the model enough of a voice to go by."""

MAX_RECORDING = 30.0
"""Seconds of a recording; each is 47 tokens that every job must read first."""

SAMPLE_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)
"""Rates that a recording may have. Between others and 24 kHz the filters of the resampling would be large."""

SILENCE = 0.001
"""Root mean square, of a full scale of 1, below which a recording is silent: -60 dB."""

MAX_CODE_CHARACTERS = 16_384
"""Of a speaker code. An embedding has 861 characters, 30 s of recording about 4000."""

MAX_TRANSCRIPT_CHARACTERS = 300
"""Of what is said in a recording, as it is written and with its numbers in words: 30 s of quick speech."""


class Speakers:
    """The voices of one model."""

    def __init__(self, model: Model) -> None:
        """`model` draws and encodes them."""
        self._model = model
        self._drawn = functools.lru_cache(maxsize=64)(model.random_speaker)

    def of(self, voice: str | None, speaker: Mapping[str, JSON] | None, options: Mapping[str, str]) -> dict[str, str]:
        """The speaker's fields of `InferCodeParams` for a job, checked.

        Args:
            voice: a name of `BUILT_IN`; None is the first.
            speaker: what `make` returned once; it goes before `voice`.
            options: the caller's own `spk_emb`, `spk_smp`, `txt_smp`; they go before both.

        Raises:
            BadRequest: there is no such voice, or a string is not a speaker.
        """
        own = {name: options[name] for name in ("spk_emb", "spk_smp", "txt_smp") if options.get(name) is not None}
        if own or speaker is not None:
            return self._checked(own or dict(speaker or {}))
        return {"spk_emb": self._drawn(_seed_of(voice))}

    def make(self, recipe: VoiceRecipe) -> dict[str, JSON]:
        """A new voice.

        Raises:
            BadRequest: the code is none, or the recording is of no use.
        """
        if recipe.seed is not None:
            return {"spk_emb": self._drawn(recipe.seed)}
        if recipe.code is not None:
            return dict(self._checked({"spk_emb": recipe.code.strip()}))
        samples = _sound(recipe.recording or b"", recipe.sample_rate or 0)
        if not recipe.text:
            raise BadRequest("A voice from a recording needs its text: send what is said in it.")
        transcript = _transcript(recipe.text)
        return dict(self._checked({"spk_smp": self._model.recorded_speaker(samples), "txt_smp": transcript}))

    def _checked(self, fields: dict[str, JSON]) -> dict[str, str]:
        known = {name: value for name, value in fields.items() if isinstance(value, str)}
        if known.keys() != fields.keys() or known.keys() not in _SPEAKERS:
            raise BadRequest("A speaker is `spk_emb`, or `spk_smp` with `txt_smp`, or all three; each is a string.")
        if "spk_emb" in known:
            self._check_embedding(known["spk_emb"])
        if "spk_smp" in known:
            self._check_codes(known["spk_smp"])
            known["txt_smp"] = _transcript(known["txt_smp"])
        return known

    def _check_embedding(self, code: str) -> None:
        """Source of the format: `Speaker._encode` of ChatTTS: float16 numbers, raw LZMA2, base16384."""
        dimension = self._model.speaker_dimension
        numbers = np.frombuffer(_unpacked(_decoded(code), dimension * 2), dtype="<f2")
        if len(numbers) != dimension or not np.isfinite(numbers).all() or not numbers.any():
            raise BadRequest(f"The speaker code is not {dimension} finite numbers, as this model needs. {_PASTE}")

    def _check_codes(self, code: str) -> None:
        """Source of the format: `Speaker.encode_prompt` of ChatTTS: the shape, then the codes in raw LZMA2; uint16."""
        books, values = self._model.audio_codes
        longest = round(MAX_RECORDING * TOKENS_PER_SECOND) + 1
        packed = _decoded(code)
        codes = np.frombuffer(_unpacked(packed[4:], books * longest * 2), dtype="<u2")
        shape = struct.pack("<2H", books, codes.size // books)
        if packed[:4] != shape or codes.size % books or not codes.size or codes.max() >= values:
            raise BadRequest(
                f"`spk_smp` is not {books} rows of audio codes below {values}. Make the voice from its recording again."
            )


_SPEAKERS = ({"spk_emb"}, {"spk_smp", "txt_smp"}, {"spk_emb", "spk_smp", "txt_smp"})

_PASTE = "Paste the whole code that ChatTTS's `sample_random_speaker` printed."

_CODE = re.compile(r"[\u4e00-\u8dff]+[\u3d01-\u3d06]?")
"""base16384's alphabet, and the mark for a last group that is not whole."""

_FILTERS = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
"""A window of 64 KiB, as no speaker is larger. ChatTTS packs with a larger window, which makes no difference."""


def _seed_of(voice: str | None) -> int:
    names = [each.name for each in BUILT_IN]
    if voice is None:
        return 1
    if voice not in names:
        raise BadRequest(f"There is no voice `{voice}`. There are {names[0]} to {names[-1]}; others can be made.")
    return names.index(voice) + 1


def _decoded(code: str) -> bytes:
    if len(code) > MAX_CODE_CHARACTERS or not _CODE.fullmatch(code):
        raise BadRequest(f"This is not a speaker code: a row of Chinese characters without spaces. {_PASTE}")
    return bytes(pybase16384.decode_from_string(code))


def _unpacked(packed: bytes, limit: int) -> bytes:
    """At most `limit` bytes, as a few characters could unpack to gigabytes; none when they are no 16-bit numbers.

    Nothing may follow the stream: ChatTTS itself would go on, and unpack every stream that is behind it.
    """
    decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS)
    try:
        data = decompressor.decompress(packed, max_length=limit + 1)
    except lzma.LZMAError:
        raise BadRequest(f"The speaker code is damaged. {_PASTE}") from None
    is_all = decompressor.eof and not decompressor.unused_data
    return data if is_all and len(data) % 2 == 0 else b""


def _sound(recording: bytes, rate: int) -> Samples:
    """A recording as ChatTTS wants it: 24 kHz, -1 to 1."""
    if rate not in SAMPLE_RATES:
        raise BadRequest(
            f"The recording has {rate} samples a second; convert it to one of {', '.join(map(str, SAMPLE_RATES))}."
        )
    if len(recording) % 2:
        raise BadRequest("The recording ends in half a sample; it must be 16-bit samples.")
    samples = np.frombuffer(recording, dtype="<i2").astype(np.float32) / 32_768
    seconds = len(samples) / rate
    if not MIN_RECORDING <= seconds <= MAX_RECORDING:
        raise BadRequest(
            f"The recording is {seconds:.1f} s long, but must be {MIN_RECORDING:g} to {MAX_RECORDING:g} s."
        )
    if np.sqrt(np.mean(np.square(samples))) < SILENCE:
        raise BadRequest("The recording is silent. Record again, closer to the microphone.")
    return np.asarray(resample(torch.from_numpy(samples), rate, SAMPLE_RATE).numpy())


def _transcript(text: str) -> str:
    """What is said in a recording, in characters that the model knows, free of control tokens that steer it."""
    _check_transcript(text)  # First of all, as preparing takes its time.
    try:
        prepared = prepare(text, tokens="none").text
    except NothingToSay:
        raise BadRequest(
            "The text of the recording has nothing in it that can be spoken. Send what is said in it."
        ) from None
    _check_transcript(prepared)
    return prepared


def _check_transcript(text: str) -> None:
    if len(text) > MAX_TRANSCRIPT_CHARACTERS:
        raise BadRequest(
            f"The text of the recording is longer than {MAX_TRANSCRIPT_CHARACTERS} characters. Send what is said in it."
        )
