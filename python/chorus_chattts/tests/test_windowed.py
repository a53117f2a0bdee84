"""The windowed decode: as much as is needed, and no more."""

from collections.abc import Callable
from pathlib import Path

import ChatTTS
import numpy as np
import pytest
import torch
from ChatTTS.model import DVAE
from torch import nn
from vocos import Vocos
from vocos.feature_extractors import MelSpectrogramFeatures
from vocos.heads import ISTFTHead
from vocos.models import VocosBackbone

from chorus_chattts.model import Model, Samples, _Chat
from chorus_chattts.options import MAX_NEW_TOKENS, Options
from chorus_chattts.windowed import PIECE_TOKENS, DecodeWindow


@pytest.fixture(scope="module")
def frank_model(tiny_assets: Path) -> Model:
    """A model whose convolutions are heard: fresh ones are scaled by 1e-6, and would not miss their surroundings."""
    model = Model(tiny_assets)
    for part in (model._chat.decoder, model._chat.dvae, model._chat.vocos):
        loud(part)
    return model


def loud(part: nn.Module) -> None:
    """Sets the scales of all layers to 1."""
    for name, parameter in part.named_parameters():
        if name.endswith((".gamma", ".weight")) and ".norm" not in name and parameter.ndim == 1:
            parameter.data.fill_(1)


def whole_decode(chat: _Chat, tokens: list[torch.Tensor], use_decoder: bool) -> Samples:
    chat.tokens = max(map(len, tokens))
    samples: Samples = ChatTTS.Chat._decode_to_wavs(chat, tokens, use_decoder)
    return samples


def as_words(samples: Samples) -> np.ndarray:
    return np.clip(np.rint(samples * 32767), -32768, 32767).astype(np.int64)


@pytest.mark.parametrize("use_decoder", [True, False])
@pytest.mark.parametrize("tokens", [1, 24, 25, 200])
def test_what_is_sent_is_what_a_decode_of_everything_gives(
    frank_model: Model, speak: Callable[..., Samples], monkeypatch: pytest.MonkeyPatch, tokens: int, use_decoder: bool
) -> None:
    options = {"min_new_token": tokens, "max_new_token": tokens, "use_decoder": use_decoder}
    windowed = speak(frank_model, **options)
    monkeypatch.setattr(_Chat, "_decode_to_wavs", whole_decode)
    whole = speak(frank_model, **options)
    assert len(whole) == 512 * tokens - 256
    assert np.abs(as_words(windowed) - as_words(whole)).max() <= 1


@pytest.mark.parametrize("use_decoder", [True, False])
@pytest.mark.parametrize("tokens", [1, 60, 300])
def test_every_part_is_that_of_the_whole(frank_model: Model, tokens: int, use_decoder: bool) -> None:
    chat = frank_model._chat
    random = torch.Generator().manual_seed(tokens)
    hidden = torch.randn(tokens, 64, generator=random)
    given = hidden if use_decoder else torch.randint(625, (tokens, 4), generator=random)
    whole = ChatTTS.Chat._decode_to_wavs(chat, [given], use_decoder)
    parts = chat._decode_to_wavs([given], use_decoder)
    assert parts.shape == whole.shape
    end = whole.shape[1]
    for start, stop in (
        (0, None),
        (0, 100),
        (end // 2, end // 2),
        (end // 3, end // 2),
        (end // 3, None),
        (end - 1, None),
    ):
        part = parts[:, start:stop]
        assert np.abs(as_words(part) - as_words(whole[:, start:stop])).max(initial=0) <= 1, (start, stop)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tokens each decode was given."""
    numbers: list[int] = []
    decode = ChatTTS.Chat._decode_to_wavs

    def counted(chat: _Chat, tokens: list[torch.Tensor], use_decoder: bool) -> Samples:
        numbers.append(len(tokens[0]))
        samples: Samples = decode(chat, tokens, use_decoder)
        return samples

    monkeypatch.setattr(ChatTTS.Chat, "_decode_to_wavs", counted)
    return numbers


def test_batches_that_are_passed_over_are_not_decoded(
    frank_model: Model, speak: Callable[..., Samples], decoded: list[int]
) -> None:
    length = {"min_new_token": 320, "max_new_token": 320}
    assert speak(frank_model, **length, stream_batch=8, pass_first_n_batches=MAX_NEW_TOKENS).size
    around = DecodeWindow(frank_model._chat.decoder, frank_model._chat.vocos).context + 2
    assert len(decoded) == 3
    assert sum(decoded) <= 320 + 3 * around


def test_what_is_not_sent_is_not_decoded_again_and_again(
    frank_model: Model, speak: Callable[..., Samples], decoded: list[int]
) -> None:
    """Chunks of one token, each made of 24: what is left is decoded once, in pieces."""
    speak(frank_model, min_new_token=480, max_new_token=480, stream_speed=512)
    around = DecodeWindow(frank_model._chat.decoder, frank_model._chat.vocos).context + 2
    assert max(decoded) <= PIECE_TOKENS + around
    assert sum(decoded) <= 480 + (480 // 24 + 480 // PIECE_TOKENS + 1) * around


def test_a_long_decode_can_be_stopped_between_its_pieces(frank_model: Model, decoded: list[int]) -> None:
    class Enough(Exception):  # noqa: N818
        pass

    def step() -> None:
        if decoded:
            raise Enough

    options = {"min_new_token": 400, "max_new_token": 400, "stream_batch": 400, "pass_first_n_batches": 9}
    with pytest.raises(Enough):
        list(frank_model.speak("你好。", Options.parse(options), speaker={}, seed=1, step=step))
    assert len(decoded) == 1


def test_the_work_grows_with_the_length_and_not_with_its_square(
    frank_model: Model, speak: Callable[..., Samples], decoded: list[int]
) -> None:
    def work(tokens: int) -> int:
        decoded.clear()
        speak(frank_model, min_new_token=tokens, max_new_token=tokens)
        return sum(decoded)

    chat = frank_model._chat
    context = DecodeWindow(chat.decoder, chat.vocos).context // 2
    chunks = 240 // 24
    not_sent = 288 * chunks // 512 + 1  # A chunk has 12,288 samples, of which 12,000 are sent.
    assert work(240) <= (chunks + 1) * (24 + context + not_sent + 1)
    assert work(240) < 2.5 * work(120)


def test_the_context_is_what_the_layers_of_the_released_model_reach() -> None:
    """Its true depths, kernels and dilations; what looks at a token that is not a number is not a number."""
    decoder = DVAE(decoder_config={"idim": 8, "odim": 8, "hidden": 8, "n_layer": 12, "bn_dim": 8}, dim=8).eval()
    backbone = VocosBackbone(input_channels=100, dim=8, intermediate_dim=8, num_layers=8)
    head = ISTFTHead(dim=8, n_fft=1024, hop_length=256, padding="center")
    vocos = Vocos(MelSpectrogramFeatures(), backbone, head).eval()
    tokens = torch.zeros(1, 16, 160)
    tokens[..., 0] = torch.nan
    touched = vocos.decode(decoder(tokens))[0].isnan().nonzero()
    window = DecodeWindow(decoder, vocos)
    assert window.context == 104
    assert window.samples_per_token == 512
    assert window.first_token(int(touched.max())) == 0
    assert window.first_token(int(touched.max()) + 512) == 1
    tokens[..., 0], tokens[..., -1] = 0, torch.nan
    touched = vocos.decode(decoder(tokens))[0].isnan().nonzero()
    assert window.end_token(int(touched.min()) + 1) == 160
    assert window.end_token(int(touched.min()) + 1 - 512) == 159
