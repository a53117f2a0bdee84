"""Where the weights are, and whether they are what they should be."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import ChatTTS
import pytest

from chorus_chattts import assets
from chorus_chattts.assets import FILES, AssetsDamaged, AssetsMissing, fetch, locate, verify


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Caches of its own for each test."""
    monkeypatch.delenv("CHATTTS_ASSETS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "huggingface"))
    return tmp_path


@pytest.fixture
def copy(tiny_assets: Path, tmp_path: Path) -> Path:
    """Assets that a test may break."""
    return Path(shutil.copytree(tiny_assets, tmp_path / "copy"))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read for their hash."""
    read: list[Path] = []
    genuine = assets.sha256

    def counting(file: Path, advance: Callable[[int], object]) -> str:
        read.append(file)
        return genuine(file, advance)

    monkeypatch.setattr(assets, "sha256", counting)
    return read


REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub(tiny_assets: Path) -> Iterator[str]:
    """The URL of a hub that offers the tiny assets as ChatTTS's, and a file that nobody needs."""
    offered = {file: (tiny_assets / file).read_bytes() for file in FILES} | {"README.md": b"Unneeded"}

    class Hub(BaseHTTPRequestHandler):
        """The three questions of the hub's API that a download asks."""

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if "/tree/" in path:
                entries = [
                    {"type": "file", "path": file, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                    for file, content in offered.items()
                ]
                self.answer(json.dumps(entries).encode())
            elif path.startswith("/api/models/2Noise/ChatTTS"):
                siblings = [{"rfilename": file} for file in offered]
                self.answer(json.dumps({"id": "2Noise/ChatTTS", "sha": REVISION, "siblings": siblings}).encode())
            else:
                self.answer(offered[path.removeprefix(f"/2Noise/ChatTTS/resolve/{REVISION}/")])

        do_HEAD = do_GET  # noqa: N815

        def answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')
            self.send_header("X-Repo-Commit", REVISION)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def command(**environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "chorus_chattts.assets", "fetch"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_path_comes_before_the_environment_and_that_before_the_cache(
    tiny_assets: Path, copy: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = home / "huggingface/hub/models--2Noise--ChatTTS/snapshots"
    snapshots.mkdir(parents=True)
    (snapshots / "old").mkdir()
    os.utime(snapshots / "old", (1, 1))
    (snapshots / "new").symlink_to(tiny_assets)
    assert locate().directory == tiny_assets
    monkeypatch.setenv("CHATTTS_ASSETS", str(copy))
    assert locate().directory == copy
    assert locate(str(tiny_assets)).directory == tiny_assets


def test_what_is_missing_is_listed_with_size_and_hash_and_what_to_do(copy: Path) -> None:
    (copy / "asset/gpt/model.safetensors").unlink()
    (copy / "asset/tokenizer/tokenizer.json").unlink()
    with pytest.raises(AssetsMissing) as caught:
        locate(str(copy))
    message = str(caught.value)
    assert str(copy) in message
    assert "asset/gpt/model.safetensors" in message
    assert "853 MB" in message
    assert "cd0806fd971f52f6a22c923ec64982b305e817bcc41ca83417fcf9141b984a0f" in message
    assert "asset/tokenizer/tokenizer.json" in message
    assert "Embed" not in message
    assert "chorus_chattts.assets fetch" in message


def test_with_nothing_anywhere_every_file_is_missing() -> None:
    with pytest.raises(AssetsMissing) as caught:
        locate()
    assert all(file in str(caught.value) for file in FILES)


def test_the_genuine_hashes_are_those_of_the_installed_chattts() -> None:
    assert sorted(assets._genuine_hashes().values()) == sorted(ChatTTS.Chat().sha256_map.values())


def test_a_damaged_file_is_named(copy: Path) -> None:
    with (copy / "asset/Vocos.safetensors").open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(b"!")
    with pytest.raises(AssetsDamaged, match=r"asset/Vocos\.safetensors"):
        verify(locate(str(copy)))


def test_random_weights_do_not_pass_for_genuine_ones(copy: Path) -> None:
    (copy / "synthetic.json").unlink()
    with pytest.raises(AssetsDamaged, match=r"asset/Decoder\.safetensors"):
        verify(locate(str(copy)))


def test_files_are_read_once_and_again_only_when_they_changed(copy: Path, reads: list[Path]) -> None:
    verify(locate(str(copy)))
    assert len(reads) == len(FILES)
    verify(locate(str(copy)))
    assert len(reads) == len(FILES)
    os.utime(copy / "asset/Embed.safetensors", ns=(1, 1))
    verify(locate(str(copy)))
    assert len(reads) == 2 * len(FILES)


def test_a_failed_check_is_not_remembered(copy: Path) -> None:
    listing = json.loads((copy / "synthetic.json").read_text())
    listing["sha256"]["asset/DVAE.safetensors"] = "0" * 64
    (copy / "synthetic.json").write_text(json.dumps(listing))
    for _ in range(2):
        with pytest.raises(AssetsDamaged):
            verify(locate(str(copy)))


def test_a_cache_that_cannot_be_written_is_no_obstacle(copy: Path, home: Path, reads: list[Path]) -> None:
    (home / "cache").write_text("a file, not a directory")
    for _ in range(2):
        verify(locate(str(copy)))
    assert len(reads) == 2 * len(FILES)


def test_a_check_leaves_no_thread_behind(copy: Path) -> None:
    program = f"""
import threading
from chorus_chattts.assets import locate, verify
verify(locate({str(copy)!r}))
print([thread.name for thread in threading.enumerate()])
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    checked = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, timeout=120)
    assert checked.stdout.decode() == "['MainThread']\n", checked.stderr.decode()


def test_many_may_check_at_once(copy: Path, home: Path) -> None:
    found = locate(str(copy))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(verify, [found] * 8))
    assert [file.suffix for file in (home / "cache/chorus").iterdir()] == [".verified"]


def test_nothing_is_fetched_when_the_weights_are_there(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATTTS_ASSETS", str(copy))
    assert fetch().directory == copy


def test_nothing_is_fetched_into_a_directory_of_the_users(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATTTS_ASSETS", str(copy))
    (copy / "asset/gpt/config.json").unlink()
    with pytest.raises(AssetsMissing, match=r"asset/gpt/config\.json"):
        fetch()


def test_without_a_hub_the_command_soon_says_what_is_needed() -> None:
    with socket.socket() as closed:  # Bound, so that nobody else gets the port; not listening, so that it refuses.
        closed.bind(("127.0.0.1", 0))
        started = time.monotonic()
        ended = command(HF_ENDPOINT=f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert ended.returncode == 1
    assert time.monotonic() - started < 60
    assert "Traceback" not in ended.stderr
    for file, digest in assets._genuine_hashes().items():
        assert file in ended.stderr
        assert digest in ended.stderr
    assert "CHATTTS_ASSETS" in ended.stderr


def test_what_the_hub_sends_is_stored_and_checked(hub: str) -> None:
    ended = command(HF_ENDPOINT=hub)
    snapshot = locate().directory
    assert snapshot.name == REVISION
    assert not (snapshot / "README.md").exists()
    assert ended.returncode == 1
    assert "asset/Decoder.safetensors is damaged" in ended.stderr, "the weights are random, so they are not ChatTTS's"


def test_the_command_says_that_weights_are_random(copy: Path) -> None:
    ended = command(CHATTTS_ASSETS=str(copy))
    assert ended.returncode == 0, ended.stderr
    assert str(copy) in ended.stdout
    assert "random weights" in ended.stdout
