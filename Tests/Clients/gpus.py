"""Fake GPUs: NVIDIA's management library as tests want it, for a server that is told to find it first."""

import shutil
from pathlib import Path

from server import BIN, Json

GIBIBYTE = 1 << 30


class FakeGPUs:
    """A directory with the library, and beside it the files from which it reads what to say."""

    def __init__(self, directory: Path, *total_bytes: int) -> None:
        """As many GPUs as there are totals."""
        self.directory = directory
        directory.mkdir(parents=True)
        shutil.copy(BIN / "libFakeNVML.so", directory / "libnvidia-ml.so.1")
        for number, total in enumerate(total_bytes):
            (directory / f"gpu{number}" / "used").mkdir(parents=True)
            (directory / f"gpu{number}" / "name").write_text("Fake RTX")
            (directory / f"gpu{number}" / "uuid").write_text(f"GPU-fake-{number}")
            (directory / f"gpu{number}" / "total").write_text(str(total))

    def use(self, gpu: int, size: int) -> None:
        """Somebody takes so many bytes."""
        (self.directory / f"gpu{gpu}" / "used" / "somebody").write_text(str(size))

    def engine(self, *flags: str, floor: int = 4 * GIBIBYTE, peak: int = 2 * GIBIBYTE, **settings: object) -> Json:
        """An engine that needs `floor` bytes of a GPU, and `peak` more for the largest text."""
        command = [str(BIN / "FakeWorker"), "--uri", "{uri}", "--device", "{device}", *flags]
        command += ["--gpu-directory", str(self.directory), "--floor-bytes", str(floor)]
        command += ["--bytes-per-unit", str(peak // LARGEST_UNITS)]
        return {"name": "fake", "command": command, "instances": "auto", **settings}


LARGEST_UNITS = 240
"""The weight of the longest segment."""
