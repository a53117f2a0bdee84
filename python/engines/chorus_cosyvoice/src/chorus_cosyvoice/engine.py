"""CosyVoice as an engine: jobs in, samples out."""

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from chorus_cosyvoice.model import Model, VoiceSource, import_cosyvoice
from chorus_cosyvoice.options import NAMES, Options, spoken
from chorus_cosyvoice.recordings import Recordings
from chorus_worker import JSON, Audio, BadRequest, Context, Engine, Finding, Job, NothingToSay, Voice, VoiceRecipe

WARM_UP_TEXT = "你好。"
"""Spoken once while loading, in the first voice."""

_LANGUAGES = {"中文": "zh", "英文": "en", "日语": "ja", "粤语": "yue", "韩语": "ko"}
"""How the names of CosyVoice 1's own speakers begin, such as 中文女."""


class CosyVoiceEngine(Engine):
    """CosyVoice 1, 2 or 3 (https://github.com/FunAudioLLM/CosyVoice), one text at a time.

    Not declared `deterministic`: speech without a seed differs from time to time, and how alike two cards compute has
    not been measured.
    """

    name = "cosyvoice"
    description = "Speech in nine languages, in the voice of a recording"
    version = "2"  # Counts up whenever the same text would sound different from before.
    attribution = ("FunAudioLLM", "https://github.com/FunAudioLLM/CosyVoice")
    options = NAMES

    _model: Model
    _recordings: Recordings
    _voices: Mapping[str, VoiceSource]

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        """Adds `--model` and `--voices`."""
        parser.add_argument(
            "--model",
            metavar="DIR",
            default=os.environ.get("COSYVOICE_MODEL"),
            help="the model's directory, or its name at ModelScope, to be downloaded (default: $COSYVOICE_MODEL)",
        )
        parser.add_argument(
            "--voices",
            metavar="DIR",
            type=Path,
            default=Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "chorus-cosyvoice",
            help="recordings, NAME.wav with NAME.txt, and those of voices made later (default: %(default)s)",
        )

    @classmethod
    def doctor(cls, context: Context) -> list[Finding]:
        """Looks for CosyVoice, for what it imports, for the model and for voices."""
        from chorus_cosyvoice.doctor import findings

        return findings(context.arguments.model, context.arguments.voices)

    def prepare(self, context: Context) -> None:
        """Imports CosyVoice. It loads its weights straight to the device, so they cannot be shared by instances."""
        if context.arguments.model is None:
            raise RuntimeError("which model? Give --model DIR, or set COSYVOICE_MODEL; --doctor says how to get one")
        import_cosyvoice()

    def load(self, context: Context) -> None:
        """Loads the model, and speaks a word with it."""
        if context.device not in ("cpu", "cuda:0"):
            raise RuntimeError(
                f"CosyVoice cannot go to {context.device}: it takes the first card it sees, which is settled when its "
                "process starts. Use cpu or cuda:N, and `template: false`"
            )
        self._model = Model(context.arguments.model)
        self.sample_rate = self._model.sample_rate
        self._recordings = Recordings(context.arguments.voices)
        self._voices = {**{name: name for name in self._model.speakers}, **self._recordings.named()}
        if not self._voices:
            raise RuntimeError(
                f"{context.arguments.model} has no speakers of its own; put a recording, NAME.wav, and what is said in "
                f"it, NAME.txt, into {context.arguments.voices}"
            )
        for _ in self.synthesize(Job(WARM_UP_TEXT)):
            pass

    def voices(self) -> Sequence[Voice]:
        """The model's own speakers, and the recordings of `--voices`."""
        return [Voice(name, _languages(name)) for name in self._voices]

    def make_voice(self, recipe: VoiceRecipe) -> dict[str, JSON]:
        """A voice from a recording with its text."""
        speaker = self._recordings.keep(recipe)
        self._model.remember(self._recordings.of(speaker))
        return speaker

    def synthesize(self, job: Job) -> Iterator[Audio]:
        """Speaks, and yields chunks as CosyVoice makes them. A cancelled job ends within one token."""
        options = Options.parse(job.options)
        voice = self._voice(job)
        is_silent = True
        if options.instructions and not self._model.follows_instructions(voice):
            job.no_effect("instructions", "CosyVoice follows them from version 2 on, and in the voice of a recording")
        text, left_out = spoken(job.text, options.tokens)
        job.not_spoken(left_out)
        if text.strip():
            for samples in self._model.speak(job, text, voice, options):
                is_silent = False
                yield samples
        if is_silent:
            raise NothingToSay("the text has nothing in it that CosyVoice can speak; send some words")

    def _voice(self, job: Job) -> VoiceSource:
        if job.speaker is not None:
            return self._recordings.of(job.speaker)
        name = next(iter(self._voices)) if job.voice is None else job.voice
        if name not in self._voices:
            raise BadRequest(f"there is no voice {name}; there are: {', '.join(self._voices)}")
        return self._voices[name]


def _languages(name: str) -> tuple[str, ...]:
    return tuple(tag for beginning, tag in _LANGUAGES.items() if name.startswith(beginning))
