"""ChatTTS as an engine: jobs in, samples out."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from chorus_chattts import text
from chorus_chattts.assets import locate, verify
from chorus_chattts.options import ELSEWHERE, NAMES, Options
from chorus_worker import JSON, Audio, BadRequest, Context, Engine, Finding, Job, Voice, VoiceRecipe

if TYPE_CHECKING:
    from chorus_chattts.model import Model
    from chorus_chattts.speakers import Speakers

MAX_TEXT_CHARACTERS = 1000
"""Of a job's text, as it is written and with its numbers in words.

It must hold whatever segment Chorus cuts, as the caller did not choose that one: it weighs 240 at the most, where a
digit weighs 4, a letter 1, and so does a sign like "%". In English words a row of temperatures of that weight has about
660 characters, and "a% b% c% …" has 800. The 43.7 s that ChatTTS can speak at a time hold about 670 at the usual pace
of 65 ms each, and 1,000 of quick speech; what does not fit is cut, with a note.
"""

DEFAULT_SEED = 0
"""Of jobs without one: so that the same request always sounds the same, and all segments of an utterance alike."""

TRIES = 3
"""How often a job without a seed is tried until it is not empty, with `DEFAULT_SEED` and the seeds after it."""


class ChatTTSEngine(Engine):
    """ChatTTS 0.2.5 (https://github.com/2noise/ChatTTS), one text at a time.

    Heavy packages are imported in `prepare` and not before, so that `--help` and `--doctor` answer at once.
    """

    name = "chattts"
    description = "Conversational speech in Chinese and English"
    version = "2"  # Counts up whenever the same text would sound different from before.
    attribution = ("2noise", "https://github.com/2noise/ChatTTS")
    sample_rate = 24_000
    deterministic = True
    options = NAMES
    elsewhere = ELSEWHERE

    _model: Model
    _speakers: Speakers

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        """Adds `--assets` and `--compile`."""
        parser.add_argument(
            "--assets", metavar="DIR", help="holds asset/… (default: $CHATTTS_ASSETS, or the hub's cache)"
        )
        parser.add_argument("--compile", action="store_true", help="torch.compile; CUDA only, and a start of minutes")

    @classmethod
    def doctor(cls, context: Context) -> list[Finding]:
        """Looks for packages, assets and the device."""
        from chorus_chattts.doctor import findings

        return findings(context)

    def prepare(self, context: Context) -> None:
        """Loads the weights into host memory.

        For a CPU it also warms up: what that pages in is shared by the instances that are forked afterwards.

        Raises:
            AssetsError: the weights are not there, or are damaged.
        """
        from chorus_chattts.model import Model
        from chorus_chattts.speakers import Speakers

        assets = locate(context.arguments.assets)
        verify(assets)
        self._model = Model(assets.directory)
        self._speakers = Speakers(self._model)
        if _is_cpu(context):
            self._model.warm_up()

    def load(self, context: Context) -> None:
        """Moves the model to its device, and warms it up there."""
        self._model.to(context.device, threads=context.threads, compiled=context.arguments.compile)
        if not _is_cpu(context):
            self._model.warm_up()

    def voices(self) -> Sequence[Voice]:
        """Thirteen speakers at random."""
        from chorus_chattts.speakers import BUILT_IN

        return BUILT_IN

    def make_voice(self, recipe: VoiceRecipe) -> dict[str, JSON]:
        """A voice from a seed, from a speaker code, or from a recording with its text."""
        return self._speakers.make(recipe)

    def synthesize(self, job: Job) -> Iterator[Audio]:
        """Speaks: 24 kHz float samples, in the chunks that ChatTTS makes. A cancelled job ends within one token.

        Notes tell the client what it asked for and will not hear.
        """
        from chorus_chattts.model import EndedAtOnce

        options = Options.parse(job.options)
        speaker = self._speakers.of(job.voice, job.speaker, options.code)
        words = _speakable(job, options)
        step = _step(job)
        for seed in _seeds(job, options):
            try:
                yield from self._model.speak(words, options, speaker=speaker, seed=seed, step=step)
            except EndedAtOnce:
                continue
            except _Cancelled:
                return
            if self._model.tokens == options.max_new_token:
                job.note(
                    f"The speech was cut after {options.max_new_token} tokens (`max_new_token`). Send a shorter text."
                )
            return
        raise BadRequest(
            "The model ends this text before it begins it, with every seed that was tried. "
            "Give another `seed` or none, or write the text differently."
        )


class _Cancelled(Exception):  # noqa: N818
    """Ends the work of a job that nobody wants any more."""


def _is_cpu(context: Context) -> bool:
    return context.device == "cpu"


def _step(job: Job) -> Callable[[], None]:
    """What is done for each token."""

    def step() -> None:
        job.progress()
        if job.cancelled:
            raise _Cancelled

    return step


def _speakable(job: Job, options: Options) -> str:
    """The job's text in what ChatTTS can speak. Notes what was left out."""
    _check_length("The text", job.text)
    speakable = text.prepare(job.text, normalize=options.normalize, tokens=options.tokens)
    _check_length("The text, with its numbers in words,", speakable.text)
    job.not_spoken(speakable.dropped)
    return speakable.text


def _check_length(what: str, words: str) -> None:
    if len(words) > MAX_TEXT_CHARACTERS:
        raise BadRequest(
            f"{what} has {len(words)} characters, but may have {MAX_TEXT_CHARACTERS} at the most. Split it."
        )


def _seeds(job: Job, options: Options) -> Sequence[int]:
    """The seeds to try in turn: one only when the caller fixed the random choices, or wants no other."""
    if job.seed is not None:
        return (job.seed,)
    fixed = options.manual_seed is not None or not options.ensure_non_empty
    return range(DEFAULT_SEED, DEFAULT_SEED + (1 if fixed else TRIES))
