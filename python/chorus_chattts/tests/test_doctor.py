"""What is missing on a machine, and what mends it.

Each diagnosis runs in a process of its own, whose path makes up the machine.
"""

import ctypes.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import packaging
import pytest
import wyoming

Findings = dict[str, dict[str, Any]]

PROGRAM = """
import dataclasses, json, sys
from argparse import Namespace
from chorus_worker import Context
from chorus_chattts.doctor import findings
assets, device = sys.argv[1:]
context = Context(device, instance=None, threads=1, memory_bytes=None, arguments=Namespace(assets=assets))
found = {each.check: dataclasses.asdict(each) for each in findings(context)}
heavy = [name for name in ("ChatTTS", "numpy", "torch", "transformers") if name in sys.modules]
print(json.dumps({"found": found, "heavy": heavy}))
"""


def diagnose(assets: Path, *before: Path, device: str = "cpu", bare: bool = False) -> Findings:
    """The findings where the packages of `before` come first on the path, or are alone when it is `bare`."""
    path = [*map(str, before), *(() if bare else sys.path)]
    ended = subprocess.run(
        [sys.executable, *(["-S"] if bare else []), "-c", PROGRAM, str(assets), device],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), "XDG_CACHE_HOME": str(assets / "cache")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["heavy"] == []
    return dict(answer["found"])


def pretend(directory: Path, name: str, version: str, **files: str) -> Path:
    """A directory with a package of that name and version, and more files in it."""
    metadata = directory / f"{name}-{version}.dist-info" / "METADATA"
    for file, text in {metadata: f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"}.items():
        file.parent.mkdir(parents=True)
        file.write_text(text)
    for relative, text in {"__init__.py": "", **files}.items():
        file = directory / name / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return directory


def failing(found: Findings) -> set[str]:
    return {check for check, finding in found.items() if not finding["ok"]} - {"memory"}


def test_an_environment_that_works_has_nothing_to_mend(tiny_assets: Path) -> None:
    found = diagnose(tiny_assets)
    assert failing(found) == set()
    assert all(finding["remedy"] is None for finding in found.values() if finding["ok"])
    assert "random weights" in found["weights"]["detail"]


def test_memory_is_compared_with_what_an_instance_of_these_weights_needs(tiny_assets: Path) -> None:
    assert "needs 0.5 GB" in diagnose(tiny_assets)["memory"]["detail"]
    assert "needs 1.7 GB" in diagnose(tiny_assets / "nowhere")["memory"]["detail"]


def test_a_version_that_does_not_work_is_named_with_the_command_that_mends_it(
    tiny_assets: Path, tmp_path: Path
) -> None:
    found = diagnose(tiny_assets, pretend(tmp_path, "transformers", "4.50.0"))
    assert failing(found) == {"transformers"}
    assert "4.50.0" in found["transformers"]["detail"]
    assert "pip install 'transformers>=4.54.1,<6'" in found["transformers"]["remedy"]
    assert "to be checked" in found["weights"]["detail"]


def test_a_bare_python_lacks_every_package(tiny_assets: Path, tmp_path: Path) -> None:
    for package in packaging, wyoming:
        for part in (
            Path(str(package.__file__)).parents[1].glob(f"{package.__name__}*")
        ):  # The package and its metadata.
            (tmp_path / part.name).symlink_to(part)
    sources = [Path(entry) for entry in sys.path if entry.endswith("/src")]
    found = diagnose(tiny_assets, tmp_path, *sources, bare=True)
    assert {"ChatTTS", "torch", "transformers", "vocos", "requests"} <= failing(found)
    assert "pip install 'ChatTTS==0.2.5'" in found["ChatTTS"]["remedy"]


def test_missing_and_damaged_weights_are_told_apart(tiny_assets: Path, tmp_path: Path) -> None:
    missing = diagnose(tmp_path)["weights"]
    assert "asset/gpt/model.safetensors" in missing["detail"]
    assert "chorus_chattts.assets fetch" in missing["remedy"]
    for file in tiny_assets.rglob("*"):
        if file.is_file():
            copy = tmp_path / file.relative_to(tiny_assets)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes() + (b" " if file.name == "config.json" else b""))
    damaged = diagnose(tmp_path)["weights"]
    assert not damaged["ok"]
    assert "asset/gpt/config.json is damaged" in damaged["detail"]


@pytest.mark.parametrize(("cuda", "trapped"), [("None", True), ("'13.0'", False)])
def test_the_library_of_torchaudio_is_a_trap_only_without_cuda(
    tiny_assets: Path, tmp_path: Path, cuda: str, trapped: bool
) -> None:
    pretend(tmp_path, "torch", "2.13.0", **{"version.py": f"cuda: Optional[str] = {cuda}\n"})
    pretend(tmp_path, "torchaudio", "2.11.0", **{"lib/libtorchaudio.so": ""})
    found = diagnose(tiny_assets, tmp_path)
    assert failing(found) == ({"torchaudio's library"} if trapped else set())
    if trapped:
        assert found["torchaudio's library"]["remedy"] == f"rm {tmp_path}/torchaudio/lib/libtorchaudio.so"


@pytest.mark.parametrize(("cuda", "works"), [("None", False), ("'13.0'", True)])
def test_a_gpu_needs_a_build_of_torch_for_it(tiny_assets: Path, tmp_path: Path, cuda: str, works: bool) -> None:
    pretend(tmp_path, "torch", "2.13.0", **{"version.py": f"cuda: Optional[str] = {cuda}\n"})
    found = diagnose(tiny_assets, tmp_path, device="cuda:0")
    assert found["torch's build"]["ok"] == works
    assert found["NVIDIA driver"]["ok"] == (ctypes.util.find_library("cuda") is not None)
