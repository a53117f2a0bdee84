"""How much of an utterance must be decoded for the samples that are still to be sent.

ChatTTS's stream turns *all* tokens so far into sound for every chunk, and sends the end of it: the work grows with the
square of the length. Decoder and vocoder are stacks of convolutions, though: a sample depends on a fixed number of
tokens around it. So a chunk needs the tokens that it is made of, and that many on either side; what is not sent, or not
yet, needs no decode at all.
"""

import math
from collections.abc import Callable
from itertools import chain
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch import nn

FRAMES_PER_TOKEN = 2
"""Spectrum frames that ChatTTS's decoders make of a token: they split its channels into halves (`DVAE.forward`)."""

PIECE_TOKENS = 128
"""The most tokens, but for those around them, that are decoded at once: 0.3 s of one CPU core's work."""

Decode: TypeAlias = Callable[[int, int], NDArray[np.float32]]
"""The samples of the tokens from the first up to the second, without what is around them; shape (texts, samples)."""


def reach(*stacks: nn.Module) -> int:
    """Frames on either side of a frame that a chain of convolutions looks at.

    Each convolution adds `dilation * (kernel - 1) / 2`; normalisation, activations and linear layers look at one frame.
    """
    layers = chain.from_iterable(stack.modules() for stack in stacks)
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv1d)]
    return sum(layer.dilation[0] * (layer.kernel_size[0] - 1) // 2 for layer in convolutions)


class DecodeWindow:
    """The context of one decoder with one vocoder, read from their layers."""

    def __init__(self, decoder: nn.Module, vocos: nn.Module) -> None:
        """Reads the layers of a `ChatTTS.model.DVAE` and a `vocos.Vocos`."""
        istft = vocos.head.istft
        overlap = math.ceil(istft.win_length / 2 / istft.hop_length)
        self.hop: int = istft.hop_length
        """Samples from one frame to the next: 256 in the released model."""
        self.context: int = reach(decoder.decoder, decoder.out_conv, vocos.backbone) + overlap
        """Frames on either side of a sample that have a part in it. In the released model 104, which is 52 tokens: 75
        by the decoder, 27 by the vocoder's backbone, 2 by the overlapping windows of the inverse Fourier transform."""
        self.samples_per_token = FRAMES_PER_TOKEN * self.hop

    def first_token(self, sample: int) -> int:
        """The first token that must be decoded for a sample and those after it to come out right."""
        return max(0, (sample // self.hop - self.context) // FRAMES_PER_TOKEN)

    def end_token(self, end: int) -> int:
        """The first token that need not be decoded for the samples before `end` to come out right."""
        return ((end - 1) // self.hop + self.context) // FRAMES_PER_TOKEN + 1

    def samples(self, tokens: int) -> int:
        """How many samples some tokens make: the first and the last frame are cut in half (`center` of the ISTFT)."""
        return (FRAMES_PER_TOKEN * tokens - 1) * self.hop


class LazyWaves:
    """Samples of texts that are decoded when they are asked for; to ChatTTS's stream it is the array of all of them."""

    def __init__(self, window: DecodeWindow, tokens: int, decode: Decode, step: Callable[[], None]) -> None:
        """Decodes nothing.

        Args:
            window: what `decode` needs.
            tokens: of the longest text, at least one.
            decode: makes samples.
            step: called between two decodes; what it raises ends the work, and comes out.
        """
        self._window, self._tokens, self._decode, self._step = window, tokens, decode, step

    @property
    def shape(self) -> tuple[int, int]:
        """As of the array: one text."""
        return 1, self._window.samples(self._tokens)

    def __getitem__(self, index: tuple[slice, slice]) -> NDArray[np.float32]:
        """`[:, start:stop]`, decoded in pieces of `PIECE_TOKENS`."""
        start, stop, _ = index[1].indices(self.shape[1])
        stride = PIECE_TOKENS * self._window.samples_per_token
        pieces: list[NDArray[np.float32]] = []
        for first in range(start, stop, stride):
            if pieces:
                self._step()
            pieces.append(self._piece(first, min(first + stride, stop)))
        return np.concatenate(pieces, axis=1) if pieces else np.zeros((1, 0), dtype=np.float32)

    def _piece(self, start: int, stop: int) -> NDArray[np.float32]:
        first = self._window.first_token(start)
        samples = self._decode(first, min(self._window.end_token(stop), self._tokens))
        origin = first * self._window.samples_per_token
        return samples[:, start - origin : stop - origin]
