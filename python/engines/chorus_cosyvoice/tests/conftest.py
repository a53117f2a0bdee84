"""Models for the stand-in: a directory says by its files which version it is, and what speakers it has."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chorus_cosyvoice.model import Model

from .worker import STANDIN, Worker

MakeModel = Callable[..., Path]


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> MakeModel:
    """`make_model(2, "中文女", "custom")`: a directory with a model of version 2 that has these speakers."""

    def make_model(version: int, *speakers: str) -> Path:
        directory = tmp_path_factory.mktemp("model")
        (directory / f"cosyvoice{'' if version == 1 else version}.yaml").touch()
        if speakers:
            (directory / "spk2info.pt").write_text("\n".join(speakers))
        return directory

    return make_model


@pytest.fixture
def model(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model of version 2 in this process, with one speaker."""
    monkeypatch.syspath_prepend(STANDIN)
    return Model(str(make_model(2, "custom")))


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, make_model: MakeModel) -> Iterator[Worker]:
    """A worker with version 2 and two speakers."""
    directory = tmp_path_factory.mktemp("worker")
    with Worker(directory, make_model(2, "中文女", "custom")) as worker:
        yield worker
