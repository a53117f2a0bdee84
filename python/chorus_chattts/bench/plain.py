"""ChatTTS as its own documentation has it used: `Chat.load`, `Chat.infer`, and nothing of ours between."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ChatTTS
import torch

from chorus_chattts.assets import SYNTHETIC_FILE
from chorus_chattts.model import Model, Samples
from chorus_chattts.synthetic import apply_configuration

_LOADED = ("vocos", "dvae", "embed", "gpt", "decoder", "speaker", "tokenizer", "device", "device_gpt")
"""What `Chat.load` leaves in a `Chat`."""


def load(assets: Path) -> ChatTTS.Chat:
    """A `Chat` with random weights. They have hashes of their own."""
    apply_configuration(assets)
    chat = _unloaded()
    hashes = json.loads((assets / SYNTHETIC_FILE).read_text())["sha256"]
    chat.sha256_map = {"sha256_" + file.replace("/", "_").replace(".", "_"): each for file, each in hashes.items()}
    if not chat.load(source="custom", custom_path=assets, device=torch.device("cpu")):
        raise RuntimeError(f"ChatTTS did not load {assets}")
    return chat


def sharing(model: Model) -> ChatTTS.Chat:
    """A `Chat` with the very weights of an engine's model, for a comparison of the way of calling and nothing else."""
    chat = _unloaded()
    for name in _LOADED:
        setattr(chat, name, getattr(model._chat, name))
    return chat


def speak(chat: ChatTTS.Chat, text: str, *, seed: int, stream: bool, **parameters: Any) -> Iterator[Samples]:
    """A text in one piece, not refined. With `stream` in ChatTTS's own chunks, otherwise in one.

    `parameters` are fields of `InferCodeParams`. Everything else is as ChatTTS sets it.
    """
    code = chat.InferCodeParams(show_tqdm=False, **parameters)
    torch.manual_seed(seed)
    for chunk in chat.infer(text, stream=stream, split_text=False, skip_refine_text=True, params_infer_code=code):
        yield chunk[0] if stream else chunk


def _unloaded() -> ChatTTS.Chat:
    logger = logging.getLogger("plain")
    logger.setLevel(logging.ERROR)
    return ChatTTS.Chat(logger)
