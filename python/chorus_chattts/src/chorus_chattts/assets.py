"""ChatTTS's weights: where they are, whether they are whole, and how they get here.

`python -m chorus_chattts.assets fetch` is the last of these as a command.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from tqdm import tqdm

REPOSITORY = "2Noise/ChatTTS"
"""On the Hugging Face hub."""

FILES: Mapping[str, str] = {
    "asset/Decoder.safetensors": "104 MB",
    "asset/DVAE.safetensors": "60 MB",
    "asset/Embed.safetensors": "146 MB",
    "asset/Vocos.safetensors": "54 MB",
    "asset/gpt/config.json": "small",
    "asset/gpt/model.safetensors": "853 MB",
    "asset/tokenizer/special_tokens_map.json": "small",
    "asset/tokenizer/tokenizer.json": "0.4 MB",
    "asset/tokenizer/tokenizer_config.json": "small",
}
"""All that `Chat.load` reads, below the assets' directory, and about how large each is."""

FILES_BYTES = 1_218_000_000
"""Of all of them together, about."""

SYNTHETIC_FILE = "synthetic.json"
"""Beside `asset/` when the weights are random: what `chorus_chattts.synthetic` made, with its own hashes."""

HUB_TIMEOUT_SECONDS = 10.0
"""How long the hub may take to answer before it counts as out of reach."""

_HASH_CHUNK_BYTES = 1 << 20


class AssetsError(Exception):
    """The weights cannot be used. The message says why, and then what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        """Says what is wrong, and what mends it."""
        super().__init__(f"{problem}\n{remedy}")
        self.problem = problem
        self.remedy = remedy


class AssetsMissing(AssetsError):  # noqa: N818
    """Files are not there."""


class AssetsDamaged(AssetsError):  # noqa: N818
    """A file is not what ChatTTS released."""


@dataclass(frozen=True)
class Assets:
    """A directory in which all files of ChatTTS are present."""

    directory: Path
    """Holds `asset/`."""

    @property
    def synthetic(self) -> bool:
        """Whether the weights are random numbers of ours."""
        return (self.directory / SYNTHETIC_FILE).exists()

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum((self.directory / file).stat().st_size for file in FILES)


def locate(path: str | None = None) -> Assets:
    """Finds the weights.

    They are at `path`, else at $CHATTTS_ASSETS, else the newest in the hub's cache, which is where ChatTTS looks.

    Raises:
        AssetsMissing: naming every file that is not there.
    """
    chosen = path or os.environ.get("CHATTTS_ASSETS")
    directory = Path(chosen).expanduser() if chosen else _newest_snapshot()
    missing = [file for file in FILES if not (directory / file).is_file()]
    if missing:
        raise AssetsMissing(f"{directory} lacks these files of ChatTTS:\n{_listing(missing)}", _WHAT_TO_DO)
    return Assets(directory.resolve())


def verify(assets: Assets, advance: Callable[[int], object] = lambda _: None) -> None:
    """Compares the SHA-256 of every file with ChatTTS's own list, or with the list that synthetic weights came with.

    Reads 1.2 GB, but only once on a host: a marker in the user's cache remembers the files by path, size and time of
    change. Any number of processes may do this at once. No thread is started. `advance` is told how many bytes were
    read, again and again.

    Raises:
        AssetsDamaged: naming the file that differs.
        AssetsError: ChatTTS, which has the list, is not installed.
    """
    expected = _synthetic_hashes(assets) if assets.synthetic else _genuine_hashes()
    if not expected:
        raise AssetsError("ChatTTS is not installed, and it has the list of hashes.", "Install it: scripts/chattts.sh")
    marker = _marker(assets, expected)
    if marker.exists():
        return
    for file in FILES:
        path = assets.directory / file
        if sha256(path, advance) != expected[file]:
            raise AssetsDamaged(
                f"{path} is damaged, or of another release: its SHA-256 is not {expected[file]}.",
                f"Replace it: rm {path} && python -m chorus_chattts.assets fetch",
            )
    with contextlib.suppress(OSError):  # Where the cache cannot be written, the files are read each time.
        _write_atomically(marker, f"{assets.directory}\n")


def fetch() -> Assets:
    """Downloads the weights into the hub's cache, when they are nowhere to be found; then verifies them.

    Both with progress on a terminal: for a command, as the bar of the download leaves a thread behind.

    Raises:
        AssetsError: the hub is out of reach, or $CHATTTS_ASSETS names a directory that is not complete.
    """
    try:
        assets = locate()
    except AssetsMissing:
        if os.environ.get("CHATTTS_ASSETS"):
            raise
        _download()
        assets = locate()
    with _progress(assets.size_bytes) as progress:
        verify(assets, progress.update)
    return assets


def sha256(file: Path, advance: Callable[[int], object] = lambda _: None) -> str:
    """The SHA-256 of a file, in hexadecimal. `advance` is told how many bytes were read, again and again."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_HASH_CHUNK_BYTES):
            digest.update(chunk)
            advance(len(chunk))
    return digest.hexdigest()


_WHAT_TO_DO = f"""\
With a network: python -m chorus_chattts.assets fetch (HF_ENDPOINT may name a mirror of the hub).
Without: copy them from https://huggingface.co/{REPOSITORY}; CHATTTS_ASSETS names the directory that holds asset/."""


def _download() -> None:
    from huggingface_hub import HfApi, snapshot_download

    api = HfApi()
    print(f"Fetching ChatTTS's weights (1.2 GB, for non-commercial use: CC BY-NC 4.0) from {api.endpoint}", flush=True)
    try:
        # The question is asked apart from the download, which would take an incomplete copy for an answer.
        revision = api.model_info(REPOSITORY, timeout=HUB_TIMEOUT_SECONDS).sha
        snapshot_download(
            REPOSITORY,
            revision=revision,
            cache_dir=_hub_cache(),
            allow_patterns=list(FILES),
            etag_timeout=HUB_TIMEOUT_SECONDS,
        )
    except (
        Exception
    ) as error:  # The hub's client raises its own errors, the system's, and those of one of two HTTP libraries.
        problem = f"{api.endpoint} gave no weights ({type(error).__name__}: {_first_line(error)}). Needed are:"
        raise AssetsError(f"{problem}\n{_listing(FILES)}", _WHAT_TO_DO) from error


def _progress(size_bytes: int) -> tqdm[NoReturn]:
    """A bar on a terminal; it iterates over nothing."""
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # No thread that watches it.
    return tqdm(desc="Checking", total=size_bytes, unit="B", unit_scale=True, leave=False, disable=None)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _hub_cache() -> Path:
    return Path(os.environ.get("HF_HOME") or Path.home() / ".cache/huggingface") / "hub"


def _newest_snapshot() -> Path:
    snapshots = _hub_cache() / f"models--{REPOSITORY.replace('/', '--')}" / "snapshots"
    return max(snapshots.glob("*/"), key=lambda each: each.stat().st_mtime, default=snapshots / "*")


def _listing(files: Mapping[str, str] | list[str]) -> str:
    """One line for each file: name, size and, where ChatTTS is installed to tell it, SHA-256."""
    hashes = _genuine_hashes()
    lines = (f"  {file:<40} {FILES[file]:>7}  {'sha256 ' + hashes[file] if hashes else ''}" for file in files)
    return "\n".join(line.rstrip() for line in lines)


def _genuine_hashes() -> dict[str, str]:
    """ChatTTS's list, by file; empty where it is not installed. Does not import ChatTTS, which takes seconds."""
    package = importlib.util.find_spec("ChatTTS")
    if package is None or package.origin is None:
        return {}
    hashes = json.loads((Path(package.origin).parent / "res/sha256_map.json").read_text())
    return {file: hashes["sha256_" + file.replace("/", "_").replace(".", "_")] for file in FILES}


def _synthetic_hashes(assets: Assets) -> dict[str, str]:
    return dict(json.loads((assets.directory / SYNTHETIC_FILE).read_text())["sha256"])


def _marker(assets: Assets, expected: Mapping[str, str]) -> Path:
    """The file that is there when exactly these files, as they are now, were found to have these hashes."""
    facts: list[object] = [str(assets.directory), dict(expected)]
    for file in FILES:
        status = (assets.directory / file).stat()
        facts.append((status.st_size, status.st_mtime_ns))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chorus"
    return cache / f"chattts-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]}.verified"


def _write_atomically(file: Path, text: str) -> None:
    """Writes a file that others see whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as draft:
        draft.write(text)
    os.replace(draft.name, file)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m chorus_chattts.assets", description="ChatTTS's weights.")
    parser.add_argument("action", choices=["fetch"], help="download what is missing, and check all files")
    parser.parse_args()
    try:
        assets = fetch()
    except AssetsError as error:
        sys.exit(f"chattts: {error}")
    kind = "random weights, noise instead of speech" if assets.synthetic else "as released by 2noise"
    print(f"ChatTTS's weights are in {assets.directory} ({kind})")


if __name__ == "__main__":
    main()
