"""A loaded CosyVoice: one text at a time, in the voice of a speaker or of a recording."""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from chorus_cosyvoice.options import END_OF_PROMPT, Options
from chorus_cosyvoice.recordings import Recording
from chorus_cosyvoice.tokens import TokenThread
from chorus_worker import Job

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Samples: TypeAlias = "npt.NDArray[np.float32]"

VoiceSource: TypeAlias = "str | Recording"
"""The name of a speaker that the model has, or a recording."""

MAX_REMEMBERED = 64
"""Recordings whose features stay on the device, 0.5 MB each at most; the one not used for longest goes first."""

_ROLE = "You are a helpful assistant."
"""CosyVoice 3 was trained with it before everything that it is told."""


def on_one_line(text: str) -> str:
    """The text with full stops for its line ends: CosyVoice drops those, and the words beside them grow together."""
    *lines, last = text.splitlines() or [""]
    return "".join(_sentence(line) for line in lines) + last


def _sentence(line: str) -> str:
    if line[-1:] in ("", *"。，、；：！？…"):
        return line
    if line[-1:] in tuple(".,;:!?"):
        return f"{line} "
    return f"{line}。" if "\u3040" <= line[-1:] <= "\u9fff" else f"{line}. "


def import_cosyvoice() -> None:
    """Imports CosyVoice, and makes it quiet: it draws progress bars, and writes the callers' texts into the log.

    Raises:
        RuntimeError: it cannot be imported.
    """
    os.environ.setdefault("TQDM_DISABLE", "1")
    try:
        import cosyvoice.cli.cosyvoice  # noqa: F401
    except ImportError as error:
        raise RuntimeError(f"CosyVoice cannot be imported ({error}); --doctor says what is missing") from error
    # CosyVoice logs by the root logger itself; others only pass through its handlers, where no filter of it is asked.
    logging.getLogger().addFilter(lambda record: record.levelno >= logging.ERROR)


class Model:
    """CosyVoice 1, 2 or 3, on the device that it chose."""

    def __init__(self, directory: str) -> None:
        """Loads `directory`; takes what is no directory for a name at ModelScope, and downloads it."""
        from cosyvoice.cli.cosyvoice import AutoModel
        from cosyvoice.utils.common import set_all_random_seed

        self._cosyvoice = AutoModel(model_dir=directory)
        self._set_all_random_seed = set_all_random_seed
        self._tokens = TokenThread(self._cosyvoice.model)
        self._first_hop = getattr(self._cosyvoice.model, "token_hop_len", None)
        self._remembered: OrderedDict[str, None] = OrderedDict()
        self._is_third = type(self._cosyvoice).__name__ == "CosyVoice3"
        self.sample_rate = int(self._cosyvoice.sample_rate)
        self.speakers: tuple[str, ...] = tuple(self._cosyvoice.list_available_spks())

    def follows_instructions(self, voice: VoiceSource) -> bool:
        """Versions 2 and 3 do, in the voice of a recording."""
        return isinstance(voice, Recording) and hasattr(self._cosyvoice, "inference_instruct2")

    def speak(self, job: Job, text: str, voice: VoiceSource, options: Options) -> Generator[Samples, None, None]:
        """Streams the speech of the text, until it is closed; no chunk if there is nothing in it to speak.

        With a seed, or at another speed than 1, a piece of the text comes as a whole instead: while CosyVoice streams,
        two threads draw from the same random numbers in an order that nobody knows, and it ignores `speed`.
        """
        is_streamed = job.seed is None and options.speed == 1
        if job.seed is not None:
            self._set_all_random_seed(job.seed)
        if self._first_hop is not None:  # It grows with every chunk, and CosyVoice does not take it back after a text.
            self._cosyvoice.model.token_hop_len = self._first_hop
        with self._tokens.working_for(job):
            for output in self._infer(on_one_line(text), voice, options, is_streamed):
                yield output["tts_speech"].numpy().reshape(-1)

    def remember(self, recording: Recording) -> str:
        """Has the recording's features on the device, and returns the speaker's name that stands for them."""
        speaker = f"{recording.path}\n{recording.text}"
        if speaker not in self._remembered:
            text = f"{_ROLE}{END_OF_PROMPT}{recording.text}" if self._is_third else recording.text
            self._cosyvoice.add_zero_shot_spk(text, str(recording.path), speaker)
            self._remembered[speaker] = None
        self._remembered.move_to_end(speaker)
        if len(self._remembered) > MAX_REMEMBERED:
            oldest, _ = self._remembered.popitem(last=False)
            del self._cosyvoice.frontend.spk2info[oldest]
        return speaker

    def _infer(self, text: str, voice: VoiceSource, options: Options, is_streamed: bool) -> Iterator[dict[str, Any]]:
        api = self._cosyvoice
        how = {"stream": is_streamed, "speed": options.speed, "text_frontend": options.text_frontend}
        if isinstance(voice, Recording) and options.instructions and self.follows_instructions(voice):
            # Not with `zero_shot_spk_id`: then CosyVoice takes what was remembered, and forgets the instruction.
            told = f"{_ROLE} {options.instructions}" if self._is_third else options.instructions
            outputs = api.inference_instruct2(text, told + END_OF_PROMPT, str(voice.path), **how)
        elif isinstance(voice, Recording):
            outputs = api.inference_zero_shot(text, "", "", zero_shot_spk_id=self.remember(voice), **how)
        elif "embedding" in api.frontend.spk2info[voice]:
            outputs = api.inference_sft(text, voice, **how)
        else:  # A recording that somebody added to the model with `save_spkinfo`.
            outputs = api.inference_zero_shot(text, "", "", zero_shot_spk_id=voice, **how)
        yield from outputs
