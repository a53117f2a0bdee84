"""Engines that run the real ChatTTS code on tiny random weights: the sound is noise, everything else is real."""

import subprocess
from pathlib import Path

from server import REPOSITORY, Json

PYTHON = REPOSITORY / ".venv-chattts" / "bin" / "python"
"""The environment that `scripts/chattts.sh` makes."""

SAMPLES_PER_TOKEN = 512


def write_assets(directory: Path) -> Path:
    """Tiny assets in the true names, shapes and formats."""
    subprocess.run([PYTHON, "-m", "chorus_chattts.synthetic", "--size", "tiny", directory], check=True, timeout=300)
    return directory


def chattts_engine(
    assets: Path, instances: int = 2, worker: tuple[str, ...] = ("-m", "chorus_chattts"), **settings: object
) -> Json:
    """ChatTTS on the CPU; `worker` is what Python runs."""
    placeholders = ["--uri", "{uri}", "--device", "{device}", "--instance", "{instance}"]
    return {
        "name": "chattts",
        "command": [str(PYTHON), *worker, *placeholders, "--assets", str(assets)],
        "devices": ["cpu"],
        "instances": instances,
        "template": True,
        "load_timeout": "300s",
        **settings,
    }


def tokens(count: int) -> Json:
    """Engine options that make every segment exactly so many tokens long, 21.3 ms each."""
    return {"min_new_token": count, "max_new_token": count}
