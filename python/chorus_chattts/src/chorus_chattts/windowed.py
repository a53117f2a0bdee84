"""How much of an utterance must be decoded for the samples that are still to be sent.

ChatTTS's stream turns *all* tokens so far into sound for every chunk, and sends the end of it: the work grows with the
square of the length. Decoder and vocoder are stacks of convolutions, though: a sample depends on a fixed number of
tokens around it. So a chunk needs the tokens that it is made of, and that many before them.
"""

import math
from itertools import chain

from torch import nn

FRAMES_PER_TOKEN = 2
"""Spectrum frames that ChatTTS's decoders make of a token: they split its channels into halves (`DVAE.forward`)."""


def reach(*stacks: nn.Module) -> int:
    """Frames on either side of a frame that a chain of convolutions looks at.

    Each convolution adds `dilation * (kernel - 1) / 2`; normalisation, activations and linear layers look at one frame.
    """
    layers = chain.from_iterable(stack.modules() for stack in stacks)
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv1d)]
    return sum(layer.dilation[0] * (layer.kernel_size[0] - 1) // 2 for layer in convolutions)


class DecodeWindow:
    """The left context of one decoder with one vocoder, read from their layers."""

    def __init__(self, decoder: nn.Module, vocos: nn.Module) -> None:
        """Reads the layers of a `ChatTTS.model.DVAE` and a `vocos.Vocos`."""
        istft = vocos.head.istft
        overlap = math.ceil(istft.win_length / 2 / istft.hop_length)
        self.hop: int = istft.hop_length
        """Samples from one frame to the next: 256 in the released model."""
        self.context: int = reach(decoder.decoder, decoder.out_conv, vocos.backbone) + overlap
        """Frames before a sample that have a part in it. In the released model 104, which is 52 tokens: 75 by the
        decoder, 27 by the vocoder's backbone, 2 by the overlapping windows of the inverse Fourier transform."""
        self.samples_per_token = FRAMES_PER_TOKEN * self.hop

    def first_token(self, sample: int) -> int:
        """The first token that must be decoded for a sample and those after it to come out right."""
        return max(0, (sample // self.hop - self.context) // FRAMES_PER_TOKEN)
