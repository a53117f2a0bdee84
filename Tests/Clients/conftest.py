"""Servers for the tests. Each is stopped as an administrator would, and has to end well."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from chattts import PYTHON, chattts_engine, write_assets
from server import BIN, Server, espeak_engine, fake_engine


class Serve(Protocol):
    """Starts a server that lives as long as the test."""

    def __call__(
        self,
        *engines: dict[str, Any],
        until_loaded: bool = True,
        libraries: Path | None = None,
        wrapper: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        **settings: object,
    ) -> Server:
        """Starts it with these engines and these settings of the configuration."""


def pytest_sessionstart() -> None:
    """Says once, and clearly, when the programs have not been built."""
    missing = [name for name in ("chorus", "chorus-espeak", "FakeWorker") if not (BIN / name).exists()]
    if missing:
        pytest.exit(f"{', '.join(missing)} not found in {BIN}; build first: swift build --build-tests", returncode=3)
    if not PYTHON.exists():
        pytest.exit(f"{PYTHON} not found; make it first: scripts/chattts.sh", returncode=3)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Servers of a test's own."""
    servers: list[Server] = []

    def start(
        *engines: dict[str, Any],
        until_loaded: bool = True,
        libraries: Path | None = None,
        wrapper: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        **settings: object,
    ) -> Server:
        directory = tmp_path / f"server-{len(servers)}"
        directory.mkdir()
        server = Server(
            directory,
            list(engines),
            until_loaded=until_loaded,
            libraries=libraries,
            wrapper=wrapper,
            environment=environment,
            **settings,
        )
        servers.append(server)
        return server

    yield start
    _stop(servers)


@pytest.fixture(scope="session")
def espeak_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that really speaks, shared by tests that leave it as it was."""
    server = Server(tmp_path_factory.mktemp("espeak"), [espeak_engine(instances=2)], models={"tts-1": "espeak"})
    yield server
    _stop([server])


@pytest.fixture(scope="session")
def fake_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose audio can be checked bit for bit, shared by tests that leave it as it was."""
    engine = fake_engine("--voices", "fake:en,fake2:en", instances=2)
    server = Server(tmp_path_factory.mktemp("fake"), [engine], models={"tts-1": "fake"})
    yield server
    _stop([server])


@pytest.fixture(scope="session")
def chattts_assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny assets for ChatTTS."""
    return write_assets(tmp_path_factory.mktemp("chattts-assets"))


@pytest.fixture(scope="session")
def chattts_server(tmp_path_factory: pytest.TempPathFactory, chattts_assets: Path) -> Iterator[Server]:
    """A server with ChatTTS, shared by tests that leave it as it was."""
    server = Server(tmp_path_factory.mktemp("chattts"), [chattts_engine(chattts_assets, instances=2)])
    yield server
    _stop([server])


def _stop(servers: list[Server]) -> None:
    """Stops those that a test has not ended itself; all of them, even if one ends badly."""
    troubles: list[AssertionError] = []
    for server in servers:
        if server.is_over:
            continue
        try:
            server.stop()
        except AssertionError as trouble:
            troubles.append(trouble)
    if troubles:
        raise troubles[0]
