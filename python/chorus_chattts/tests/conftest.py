"""The real ChatTTS on tiny assets with random weights, loaded once for all tests."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chorus_chattts.engine import ChatTTSEngine
from chorus_chattts.model import Model, Samples
from chorus_chattts.options import Options
from chorus_chattts.synthetic import write_assets
from chorus_worker import Context, Job

Say = Callable[..., Samples]


@pytest.fixture(scope="session")
def tiny_assets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with tiny assets; that they were checked is not remembered in the user's cache."""
    directory = tmp_path_factory.mktemp("chattts")
    write_assets(directory, "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield directory


@pytest.fixture(scope="session")
def context(tiny_assets: Path) -> Context:
    """What a worker on one CPU thread is started with."""
    arguments = Namespace(assets=str(tiny_assets), compile=False)
    return Context(device="cpu", instance="chattts-0", threads=1, memory_bytes=None, arguments=arguments)


@pytest.fixture(scope="session")
def engine(context: Context) -> ChatTTSEngine:
    """A loaded engine."""
    engine = ChatTTSEngine()
    engine.prepare(context)
    engine.load(context)
    return engine


@pytest.fixture(scope="session")
def model(engine: ChatTTSEngine) -> Model:
    """The model of `engine`."""
    return engine._model


@pytest.fixture(scope="session")
def synthesize(engine: ChatTTSEngine) -> Say:
    """`synthesize("text", voice=…, seed=…, temperature=…)`: all samples of a job of `engine`."""

    def synthesize(text: str, voice: str | None = None, seed: int | None = None, **options: Any) -> Samples:
        return np.concatenate(list(engine.synthesize(Job(text, voice=voice, seed=seed, options=options))))

    return synthesize


@pytest.fixture(scope="session")
def speak() -> Say:
    """`speak(model, "text", temperature=…)`: all samples of a text, 32 tokens long unless told otherwise."""

    def speak(model: Model, text: str = "你好，世界。", seed: int = 1, **options: Any) -> Samples:
        length = {"min_new_token": 32, "max_new_token": 32} | options
        chunks = model.speak(text, Options.parse(length), speaker={}, seed=seed, step=lambda: None)
        return np.concatenate(list(chunks))

    return speak
