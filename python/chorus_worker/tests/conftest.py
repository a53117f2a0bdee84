"""A worker for all tests that leave it as it was."""

from collections.abc import Iterator

import pytest

from .harness import WorkerProcess


@pytest.fixture(scope="session")
def shared_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    """It has one slot, and must still end well after everything that was done to it."""
    with WorkerProcess(tmp_path_factory.mktemp("shared")) as worker:
        yield worker
        assert worker.stop() == 0
        assert worker.output.all() == []
