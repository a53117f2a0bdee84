"""What the author of an engine writes, and the small values that it is asked with."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chorus_worker.failures import BadRequest
from chorus_worker.job import Job
from chorus_worker.values import JSON, Audio


@dataclass(frozen=True)
class Context:
    """Where an engine runs and what it may use."""

    device: str
    """Where its memory lives: `cpu`, `cuda:0`. In a template process only the kind is known: `cpu`, `cuda`."""
    instance: str | None
    """The name Chorus gave the instance, such as `chattts-0`; it is for logs."""
    threads: int
    """CPU threads it may use, from OMP_NUM_THREADS; 1 unless that says otherwise."""
    memory_bytes: int | None
    """Device memory it may use, from CHORUS_MEMORY_BYTES; a template is told with each fork.

    On CUDA the SDK makes PyTorch's allocator keep to it.
    """
    arguments: argparse.Namespace
    """The command line, with the engine's own flags."""


@dataclass(frozen=True)
class Voice:
    """A voice that every instance of the engine has from the start."""

    name: str
    languages: tuple[str, ...] = ()
    """BCP 47 tags, such as `en` and `zh`. Chorus picks a voice by the script of the text when its caller does not."""
    description: str = ""


@dataclass(frozen=True)
class VoiceRecipe:
    """What a new voice is made of: exactly one of `seed`, `code` and `recording`."""

    seed: int | None = None
    """From 0 to 2^32 - 1: a voice at random, always the same for the same seed."""
    code: str | None = None
    """A speaker code in the engine's own writing, pasted in by the caller."""
    recording: bytes | None = None
    """Somebody speaking: 16-bit little-endian samples, mono."""
    sample_rate: int | None = None
    """Samples per second of the recording, from 8000 to 192000."""
    text: str | None = None
    """What is said in the recording, if the caller told."""


@dataclass(frozen=True)
class Finding:
    """One line of what `--doctor` says about this machine."""

    check: str
    """What was looked at: `ChatTTS is installed`."""
    ok: bool
    detail: str
    """What was found."""
    remedy: str | None = None
    """What mends it: a command, or a sentence."""


class Engine:
    """A speech model. Its author overrides `synthesize` and whatever else is needed.

    The methods are called on one thread, `prepare` before `load` before all others; only with `slots` above 1 is
    `synthesize` called on that many threads at once.
    """

    name: str = "engine"
    """The program's name in Wyoming's `info`."""
    description: str = ""
    version: str = "1"
    attribution: tuple[str, str] = ("", "")
    """Who made the model, and where it is found (name, URL)."""
    sample_rate: int = 24_000
    """Samples per second of all audio that it makes."""
    deterministic: bool = False
    """The same text, voice, speaker, seed and options give the same samples, on any instance."""
    options: Collection[str] | None = None
    """The names of the `engine_options` that it knows; a job with another is refused. `instructions`, OpenAI's way to
    say how to speak, is the one that is left with a note instead. None: the engine gets all, and checks them itself."""
    elsewhere: Mapping[str, str] = {}
    """What to tell a caller of an option that it knows from elsewhere: what to do instead."""
    seeded: bool = True
    """Whether a job's seed fixes the engine's random choices. If not, a note says that the seed has no effect."""
    slots: int = 1
    """How many jobs it can do at once, up to 256."""

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        """Adds the engine's own flags to the worker's command line."""

    @classmethod
    def doctor(cls, context: Context) -> list[Finding]:  # noqa: ARG003
        """Looks for what is missing on this machine, without importing anything heavy."""
        return []

    def prepare(self, context: Context) -> None:
        """Imports packages and reads weights into host memory. It never touches a GPU and starts no threads.

        In a template process it runs once, and the instances are forked after it: what it read is shared by all of
        them. So it must not run work on several threads either: OpenMP's threads do not survive a fork.
        """

    def load(self, context: Context) -> None:
        """Puts the model on the device, and warms it up. The worker listens when this has returned."""

    def voices(self) -> Sequence[Voice]:
        """The voices that are there from the start; asked once, after `load`."""
        return [Voice("default")]

    def synthesize(self, job: Job) -> Iterator[Audio]:
        """Speaks the job's text, and yields the audio as it is made: the first early, the rest as it comes.

        Raise `BadRequest` for what the caller can put right and `NothingToSay` for a text without a sound. Any other
        exception fails the job, not the worker. Check `job.cancelled` between steps and call `job.progress()`: a job
        that does not move for too long is taken for hung.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how to synthesize")

    def make_voice(self, recipe: VoiceRecipe) -> dict[str, JSON]:  # noqa: ARG002
        """Makes a voice: the `speaker` that later jobs carry, to this and to any other instance.

        Raise `BadRequest` for what the caller can put right. What is returned must be JSON.
        """
        raise BadRequest(f"{self.name} cannot make voices; choose one of those that it has")
