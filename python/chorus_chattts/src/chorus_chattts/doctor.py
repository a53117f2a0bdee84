"""What this machine lacks to run ChatTTS, and what mends it. Looks at files and imports nothing heavy."""

from __future__ import annotations

import ctypes.util
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.specifiers import SpecifierSet

from chorus_chattts.assets import FILES_BYTES, AssetsError, locate, verify
from chorus_worker import Context, Finding

PYTHON_VERSIONS = SpecifierSet(">=3.10")

PACKAGES = {
    "ChatTTS": "==0.2.5",
    "numba": "",
    "numpy": "<3",
    "pybase16384": "",
    "requests": "",
    "torch": ">=2.1",
    "torchaudio": "",
    "tqdm": "",
    "transformers": ">=4.54.1,<6",  # ChatTTS 0.2.5 cannot generate with 4.48 to 4.53.
    "vector_quantize_pytorch": "",
    "vocos": "",
}
"""What has to be installed, and the versions that work."""

PROCESS_BYTES = 500_000_000
"""What an instance takes beside its weights, for Python and the imported packages."""

INSTALL = "scripts/chattts.sh"
"""Makes the environment of the engine anew, with the build of torch that suits the machine."""


def findings(context: Context) -> list[Finding]:
    """Everything that was looked at: Python, packages, weights, memory and, when the device is a GPU, what that needs.

    The weights are read, 1.2 GB, unless they were checked before.
    """
    packages = [_python(), *map(_package, PACKAGES), *_torchaudio()]
    installed = all(finding.ok for finding in packages)
    found = [*packages, *_weights(context.arguments.assets, installed)]
    if context.device.startswith("cuda"):
        found += [_driver(), _cuda_build()]
    return found


def _finding(check: str, ok: bool, detail: str, remedy: str) -> Finding:
    return Finding(check, ok, detail, None if ok else remedy)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return _finding("Python", version in PYTHON_VERSIONS, version, f"Install Python {PYTHON_VERSIONS}")


def _package(name: str) -> Finding:
    remedy = f"{INSTALL}, or: {sys.executable} -m pip install '{name}{PACKAGES[name]}'"
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, "not installed", remedy)
    works = SpecifierSet(PACKAGES[name]).contains(version, prereleases=True)
    return _finding(name, works, version if works else f"{version} does not work; needed is {PACKAGES[name]}", remedy)


def _torchaudio() -> Iterator[Finding]:
    """PyPI's torchaudio has a library that fails on import where torch is a build for the CPU: it wants libcudart."""
    package = _directory("torchaudio")
    libraries = list(package.glob("lib/*.so")) if package else []
    if libraries and not _cuda_version():
        yield Finding(
            "torchaudio's library",
            False,
            "it needs CUDA, which this torch does not have; without that library torchaudio works",
            f"rm {' '.join(map(str, libraries))}",
        )


def _weights(path: str | None, installed: bool) -> Iterator[Finding]:
    """The weights, and the memory for them."""
    size = FILES_BYTES
    try:
        assets = locate(path)
        size = assets.size_bytes
        if installed:
            verify(assets)
        kind = "random weights" if assets.synthetic else "as released"
        state = "checked" if installed else "to be checked when the packages are there"
        yield Finding("weights", True, f"{assets.directory} ({kind}, {state})")
    except AssetsError as error:
        yield Finding("weights", False, error.problem, error.remedy)
    yield _memory(size + PROCESS_BYTES)


def _memory(needed_bytes: int) -> Finding:
    available = re.search(r"^MemAvailable: *(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    available_bytes = int(available[1]) * 1024 if available else 0
    detail = f"{available_bytes / 1e9:.1f} GB are available; an instance needs {needed_bytes / 1e9:.1f} GB"
    return _finding("memory", available_bytes >= needed_bytes, detail, "End other programs, or use a larger machine")


def _driver() -> Finding:
    library = ctypes.util.find_library("cuda")
    if library:
        return Finding("NVIDIA driver", True, library)
    if Path("/proc/driver/nvidia/version").exists():
        return Finding("NVIDIA driver", False, "not visible in this container", "Start it with: docker run --gpus all")
    return Finding("NVIDIA driver", False, "not installed", "apt-get install nvidia-driver, or use --device cpu")


def _cuda_build() -> Finding:
    version = _cuda_version()
    detail = f"for CUDA {version}" if version else "a build for the CPU"
    return _finding("torch's build", bool(version), detail, f"{INSTALL}, on a machine whose NVIDIA driver works")


def _cuda_version() -> str | None:
    """The CUDA that torch was built for, from its generated `version.py`."""
    torch = _directory("torch")
    text = (torch / "version.py").read_text() if torch and (torch / "version.py").exists() else ""
    version = re.search(r"""^cuda\b.*= *['"](.+?)['"]""", text, re.MULTILINE)
    return version[1] if version else None


def _directory(package: str) -> Path | None:
    """Where a package is installed. Does not import it."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None
