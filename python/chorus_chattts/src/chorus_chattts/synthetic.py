"""Assets of ChatTTS's true names, shapes and formats with seeded random weights: `python -m chorus_chattts.synthetic`.

The genuine `Chat.load` and `Chat.infer` run on them at their true cost. What they say is noise.
"""

from __future__ import annotations

import argparse
import copy
import functools
import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from chorus_chattts.assets import FILES, SYNTHETIC_FILE, sha256
from chorus_chattts.synthetic_tokenizer import write_tokenizer

if TYPE_CHECKING:
    from ChatTTS.config import Config
    from torch import nn

NOTICE = "random weights: the cost is real, the sound is noise"

LLAMA_VOCABULARY = 32_000
"""Rows of the word embedding in the genuine GPT file. ChatTTS loads it and throws it away, having its own."""

_TINY_HIDDEN = 64
_LOUDNESS = 4.0
"""What the random vocoder is amplified by: its sound is then about as loud as speech, and clips hardly ever."""

_log = logging.getLogger(__name__)


def write_assets(
    directory: Path, size: Literal["tiny", "full"] = "tiny", seed: int = 0, end_of_speech: bool = True
) -> None:
    """Writes `asset/…` and `synthetic.json` into `directory`; the same arguments always write the same files.

    `full` (1.22 GB) has the genuine sizes: 279,657,740 parameters. `tiny` (29 MB) is narrow and two layers deep.
    With `end_of_speech` the sound ends at a random token; without it only at `max_new_token`.

    Raises:
        FileExistsError: there are weights in `directory` that are not synthetic. They are left alone.
    """
    import torch

    if (directory / "asset").exists() and not (directory / SYNTHETIC_FILE).exists():
        raise FileExistsError(f"{directory}/asset is not of our making; choose another directory, or delete it")

    overrides = _tiny_overrides() if size == "tiny" else {}
    config = _genuine_config()
    _override(config, overrides)
    for folder in ("asset/gpt", "asset/tokenizer"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    (directory / SYNTHETIC_FILE).unlink(missing_ok=True)  # Written last: without it the directory is not finished.
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for file, make in _modules(config, end_of_speech):
            _save(make(), directory / file)
    write_tokenizer(directory / "asset/tokenizer")
    _write_json(
        directory / SYNTHETIC_FILE,
        {
            "notice": NOTICE,
            "size": size,
            "seed": seed,
            "end_of_speech": end_of_speech,
            "configuration": overrides,
            "sha256": {file: sha256(directory / file) for file in FILES},
        },
    )


def apply_configuration(directory: Path) -> None:
    """Makes ChatTTS expect the sizes of the synthetic assets in `directory`; does nothing when they are genuine.

    Call it before `Chat()`. The parts of ChatTTS's `Config` are objects that all its instances share, so this holds for
    every `Chat` of the process.
    """
    from ChatTTS.config import Config

    if not (directory / SYNTHETIC_FILE).exists():
        return
    _genuine_config()  # Remembered before it is changed.
    overrides = dict(json.loads((directory / SYNTHETIC_FILE).read_text())["configuration"])
    speakers = overrides.pop("spk_stat", None)
    _override(Config(), overrides)
    if speakers:
        # A string is not shared: every new `Config` takes it from the defaults of its initialiser, as the last.
        Config.__init__.__defaults__ = (*(Config.__init__.__defaults__ or ())[:-1], speakers)


def _genuine_config() -> Config:
    """A copy of ChatTTS's configuration as it was when this was first called."""
    return copy.deepcopy(_first_config())


@functools.cache
def _first_config() -> Config:
    from ChatTTS.config import Config

    return copy.deepcopy(Config())


def _tiny_overrides() -> dict[str, Any]:
    """What `tiny` changes in ChatTTS's `Config`. The rule is that decoder.idim is half of the hidden size."""
    import numpy
    import pybase16384

    deviation, mean = numpy.ones(_TINY_HIDDEN, numpy.float16), numpy.zeros(_TINY_HIDDEN, numpy.float16)
    convolutions = {"hidden": 64, "n_layer": 2, "bn_dim": 32}
    return {
        "gpt": {
            "hidden_size": _TINY_HIDDEN,
            "intermediate_size": 2 * _TINY_HIDDEN,
            "num_attention_heads": 4,
            "num_hidden_layers": 2,
        },
        "embed": {"hidden_size": _TINY_HIDDEN},
        "decoder": {"idim": _TINY_HIDDEN // 2, "odim": _TINY_HIDDEN // 2, **convolutions},
        "dvae": {"encoder": convolutions, "decoder": convolutions},
        "vocos": {
            "backbone": {"init_args": {"dim": 64, "intermediate_dim": 128, "num_layers": 2}},
            "head": {"init_args": {"dim": 64}},
        },
        "spk_stat": pybase16384.encode_to_string(numpy.concatenate([deviation, mean]).tobytes()),
    }


def _override(target: Any, overrides: Mapping[str, Any]) -> None:
    for name, value in overrides.items():
        if isinstance(value, Mapping):
            _override(getattr(target, name), value)
        else:
            setattr(target, name, value)


def _modules(config: Config, end_of_speech: bool) -> tuple[tuple[str, Callable[[], nn.Module]], ...]:
    """Each file of weights, and what makes the module in it: one at a time, for the memory's sake."""
    return (
        ("asset/Decoder.safetensors", lambda: _decoder(config)),
        ("asset/DVAE.safetensors", lambda: _dvae(config)),
        ("asset/Embed.safetensors", lambda: _embed(config, end_of_speech)),
        ("asset/Vocos.safetensors", lambda: _vocos(config)),
        ("asset/gpt/model.safetensors", lambda: _gpt(config, end_of_speech)),
    )


def _decoder(config: Config) -> nn.Module:
    from ChatTTS.model import DVAE

    return DVAE(decoder_config=asdict(config.decoder), dim=config.decoder.idim)


def _dvae(config: Config) -> nn.Module:
    from ChatTTS.model import DVAE

    return DVAE(
        decoder_config=asdict(config.dvae.decoder),
        encoder_config=asdict(config.dvae.encoder),
        vq_config=asdict(config.dvae.vq),
        dim=config.dvae.decoder.idim,
    )


def _vocos(config: Config) -> nn.Module:
    import torch
    from vocos import Vocos
    from vocos.pretrained import instantiate_class

    parts = config.vocos.feature_extractor, config.vocos.backbone, config.vocos.head
    vocos = Vocos(*(instantiate_class(args=(), init=asdict(part)) for part in parts))
    # Of the head's outputs the first half are logarithms of magnitudes.
    vocos.head.out.bias.chunk(2)[0].add_(torch.tensor(_LOUDNESS).log())
    return vocos


def _embed(config: Config, end_of_speech: bool) -> nn.Module:
    """Embeddings are small beside what the layers add, so that the text and the speaker decide what is sampled."""
    from ChatTTS.model import Embed

    embed = Embed(**asdict(config.embed))
    for table in (embed.emb_text, *embed.emb_code):
        table.weight.mul_(0.1)
        if not end_of_speech:
            table.weight[:, 0] = 1
    if not end_of_speech:
        for head in embed.head_code:
            size, direction = head.parametrizations.weight.original0, head.parametrizations.weight.original1
            direction[:, 0] = 0
            direction[-1] = 0
            direction[-1, 0] = -1  # The last code ends the speech.
            size[-1] = 1000
    return embed


def _gpt(config: Config, end_of_speech: bool) -> nn.Module:
    """The language model.

    Without an end of speech its dimension 0 is a constant: embeddings set it to 1, no layer writes to it, and the head
    of the end-of-speech code reads nothing else, times -1000. So that code's probability is 0 whatever is said.
    """
    from transformers import LlamaConfig, LlamaModel

    llama = LlamaConfig(
        vocab_size=LLAMA_VOCABULARY,
        hidden_size=config.gpt.hidden_size,
        intermediate_size=config.gpt.intermediate_size,
        num_attention_heads=config.gpt.num_attention_heads,
        num_hidden_layers=config.gpt.num_hidden_layers,
        max_position_embeddings=config.gpt.max_position_embeddings,
        initializer_range=config.gpt.hidden_size**-0.5,
    )
    gpt: nn.Module = LlamaModel(llama)
    if not end_of_speech:
        for layer in gpt.layers:
            layer.self_attn.o_proj.weight[0] = 0
            layer.mlp.down_proj.weight[0] = 0
    return gpt


def _save(module: nn.Module, file: Path) -> None:
    from safetensors.torch import save_file

    _log.info("%s: %s parameters", file, f"{sum(each.numel() for each in module.parameters()):,}")
    if file.name == "model.safetensors":
        module.config.to_json_file(file.with_name("config.json"))
    save_file(module.state_dict(), file, metadata={"format": "pt"})


def _write_json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m chorus_chattts.synthetic", description=f"Writes assets with {NOTICE}."
    )
    parser.add_argument("directory", type=Path, help="gets `asset/` and `synthetic.json`")
    parser.add_argument("--size", choices=("tiny", "full"), required=True, help="29 MB, or the genuine 1.22 GB")
    parser.add_argument("--seed", type=int, default=0, help="of the weights")
    parser.add_argument("--no-end-of-speech", action="store_true", help="speech ends only at max_new_token")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        write_assets(arguments.directory, arguments.size, arguments.seed, not arguments.no_end_of_speech)
    except FileExistsError as error:
        parser.error(str(error))
    print(f"Use it with CHATTTS_ASSETS={arguments.directory} ({NOTICE}).")


if __name__ == "__main__":
    main()
