"""One ChatTTS in this process: loading, moving to a device, and speaking one text at a time.

ChatTTS's own code runs here, unchanged. What is ours is how it is called, because `Chat.infer` has traps for a server
(one caller's text leaks into another's through shared defaults, several texts in a stream lose their beginnings, empty
results come as odd exceptions), and three small replacements: assets that are already found, a decode without
repetition, and a function of the caller's that is called for each token.
"""

import logging
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import ChatTTS
import numpy as np
import torch
import transformers
from ChatTTS.model import GPT
from numba.core.errors import NumbaPendingDeprecationWarning
from numpy.typing import NDArray

from chorus_chattts.options import Options
from chorus_chattts.synthetic import apply_configuration
from chorus_chattts.windowed import DecodeWindow, LazyWaves

Samples: TypeAlias = NDArray[np.float32]
"""One-dimensional, 24 kHz, mono, about -1 to 1."""

SAMPLE_RATE = 24_000
"""Samples a second of everything that ChatTTS makes and takes."""

TOKENS_PER_SECOND = 46.875
"""Audio tokens of a second: each is 512 samples."""

WARM_UP_TOKENS = 32
"""Length of the warm-up synthesis: more than one chunk, so that every kernel of a stream has run."""


class EndedAtOnce(Exception):  # noqa: N818
    """The model chose to end before it had said anything: with this seed there is no sound for this text."""


class Model:
    """A loaded ChatTTS. It speaks one text at a time, on one thread."""

    def __init__(self, assets: Path) -> None:
        """Loads the weights into host memory, and compiles ChatTTS's text functions. Touches no GPU.

        Computes on a single thread, so that a process may be forked afterwards: OpenMP's threads would not survive it.

        Args:
            assets: the directory that holds `asset/`, complete and checked.

        Raises:
            RuntimeError: ChatTTS refused to load.
        """
        torch.set_num_threads(1)
        transformers.utils.logging.disable_progress_bar()
        apply_configuration(assets)
        self._chat = _Chat(assets)
        if not self._chat.load(source="custom", device=torch.device("cpu")):
            raise RuntimeError(f"ChatTTS did not load the assets of {assets}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NumbaPendingDeprecationWarning)
            self._chat.normalizer(_COMPILING)

    @property
    def speaker_dimension(self) -> int:
        """Numbers in a speaker embedding: 768 in the released model."""
        return int(self._chat.speaker.dim)

    @property
    def audio_codes(self) -> tuple[int, int]:
        """Codebooks of a token, and values of each: 4 and 625 in the released model."""
        return int(self._chat.config.gpt.num_vq), int(self._chat.config.gpt.num_audio_tokens) - 1

    def to(self, device: str, *, threads: int = 1, compiled: bool = False) -> None:
        """Moves everything that computes to a device.

        The statistics that random speakers are drawn from stay on the host: a GPU has other random numbers than a CPU,
        and a voice should be the same everywhere.

        Args:
            device: where to, such as `cpu` or `cuda:0`.
            threads: that PyTorch may use of the CPU.
            compiled: run the language model through `torch.compile` (CUDA only, as in ChatTTS; a start of minutes).
        """
        torch.set_num_threads(threads)
        chat, target = self._chat, torch.device(device)
        for module in (chat.vocos, chat.dvae, chat.embed, chat.gpt, chat.decoder):
            module.to(target)
        for owner in (chat, chat.gpt):
            owner.device = owner.device_gpt = target
        chat.dvae.preprocessor_mel.device = target
        chat.gpt.generator = torch.Generator(device=target)
        chat.gpt.prepare(compile=compiled and target.type == "cuda")

    def warm_up(self) -> None:
        """Speaks into nowhere, so that memory is paged in and kernels are chosen before the first caller waits."""
        length = {"min_new_token": WARM_UP_TOKENS, "max_new_token": WARM_UP_TOKENS}
        options = Options.parse({**length, "refine": {"min_new_token": 2, "max_new_token": 2}})
        speaker = {"spk_emb": self.random_speaker(0)}
        for _ in self.speak("warm up 热身。", options, speaker=speaker, seed=0, step=lambda: None):
            pass

    def speak(
        self, text: str, options: Options, *, speaker: dict[str, str], seed: int, step: Callable[[], None]
    ) -> Generator[Samples, None, None]:
        """Speaks a text, chunk by chunk as ChatTTS makes them; no chunk is empty.

        The same arguments give the same samples, whatever was spoken before.

        Args:
            text: what to say, in characters that ChatTTS knows; not empty.
            options: how.
            speaker: the fields of `InferCodeParams` that make the voice (`spk_emb`, `spk_smp`, `txt_smp`).
            seed: for the random choices of the model, 0 to 2**64 - 1.
            step: called after each token; what it raises ends the work at once and comes out here.

        Raises:
            EndedAtOnce: no sample came out. Another seed may do better.
        """
        chat = self._chat
        chat.begin(step)
        stream = chat.infer(
            text,
            stream=True,
            split_text=False,
            skip_refine_text=options.refine is None,
            use_decoder=options.use_decoder,
            do_text_normalization=False,
            do_homophone_replacement=options.homophones,
            params_refine_text=chat.RefineTextParams(**(options.refine or {}), **_ALWAYS),
            params_infer_code=chat.InferCodeParams(**{**options.code, **speaker}, **_ALWAYS),
        )
        torch.manual_seed(seed)  # Nothing of the stream has run yet: it is a generator.
        with closing(stream):
            yield from chat.sending(stream)
        if not chat.sent:
            raise EndedAtOnce

    @property
    def tokens(self) -> int:
        """Audio tokens of the text spoken last."""
        return self._chat.tokens

    def random_speaker(self, seed: int) -> str:
        """The code of the speaker that ChatTTS draws with a seed. Leaves the random numbers of jobs alone."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            return str(self._chat.sample_random_speaker())

    def recorded_speaker(self, samples: Samples) -> str:
        """The audio codes of a recording at 24 kHz, for `spk_smp`."""
        return str(self._chat.sample_audio_speaker(samples))


_COMPILING = "编译 [uv_break] 1"
"""A Chinese character, a control token, and a character that ChatTTS removes: each has functions numba compiles."""

_ALWAYS = {"show_tqdm": False, "ensure_non_empty": False}
"""No progress bars in a log, and no regeneration by recursion without an end: trying again is the engine's matter."""


class _Steps(GPT.Context):  # type: ignore[misc]
    """The object that ChatTTS asks after each token whether it was interrupted."""

    step: Callable[[], None] = staticmethod(lambda: None)

    def get(self) -> bool:
        self.step()
        return bool(super().get())


class _Chat(ChatTTS.Chat):  # type: ignore[misc]
    """`ChatTTS.Chat` with assets that are found already and a decode that does not repeat itself."""

    def __init__(self, assets: Path) -> None:
        logger = logging.getLogger("chattts")
        logger.setLevel(logging.ERROR)  # Below that it logs callers' words.
        super().__init__(logger)
        self._assets = assets
        self.context = _Steps()
        self.sent = 0
        """Samples of this text that have left."""
        self.tokens = 0
        """Tokens of this text that have been decoded."""

    def download_models(self, *_: Any) -> str:
        """Instead of a download, or of a hash over 1.2 GB at each start."""
        return str(self._assets)

    def begin(self, step: Callable[[], None]) -> None:
        """Forgets the text before."""
        self.context.step = step
        self.sent = self.tokens = 0

    def sending(self, stream: Iterator[NDArray[np.float32]]) -> Iterator[Samples]:
        """The chunks of a stream of one text, counted. Nothing at all when the model ended at once."""
        try:
            for (chunk,) in stream:
                self.sent += chunk.size
                if chunk.size:
                    yield chunk
        except (UnboundLocalError, RuntimeError) as error:
            # How ChatTTS ends when the first code is already the last one (a variable that was never set), and when the
            # first token of the refined text is (an iterator without an item).
            ended_at_once = isinstance(error, UnboundLocalError) or isinstance(error.__cause__, StopIteration)
            if self.tokens or not ended_at_once:
                raise

    def _decode_to_wavs(self, result_list: list[torch.Tensor], use_decoder: bool) -> LazyWaves:
        """All samples of a text, of which those are decoded that are asked for.

        ChatTTS calls it with everything so far for each chunk, takes what lies behind the samples sent, and nothing
        while it passes over the first batches.
        """
        (tokens,) = result_list
        self.tokens = len(tokens)
        decode = super()._decode_to_wavs
        return LazyWaves(
            DecodeWindow(self.decoder if use_decoder else self.dvae, self.vocos),
            len(tokens),
            lambda first, end: decode([tokens[first:end]], use_decoder),
            self.context.step,
        )
