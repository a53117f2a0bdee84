"""What the documents show is what the tests run."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from server import BIN, clean_environment

HERE = Path(__file__).parent


def test_the_worker_in_the_documents_is_the_one_that_is_tested() -> None:
    document = (HERE.parent.parent / "docs" / "WORKERS.md").read_text()
    assert f"```python\n{(HERE / 'plain_engine.py').read_text()}```" in document


def test_the_plan_in_the_readme_is_what_the_program_says() -> None:
    readme = (HERE.parent.parent / "README.md").read_text()
    line, _, shown = readme.partition("```console\n$ chorus plan")[2].partition("```")[0].partition("\n")
    plan = subprocess.run(
        [str(BIN / "chorus"), "plan", *shlex.split(line)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert plan.stdout == shown


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    verifier = shutil.which("systemd-analyze")
    if verifier is None:
        pytest.skip("there is no systemd-analyze")
    for path in (HERE.parent.parent / "deploy").glob("chorus.s*"):
        # What they name is not installed here.
        text = path.read_text().replace("/usr/local/bin/chorus", str(BIN / "chorus"))
        (tmp_path / path.name).write_text(text)
    units = sorted(path.name for path in tmp_path.iterdir())
    assert units == ["chorus.service", "chorus.socket"]
    verified = subprocess.run(
        [verifier, "verify", "--man=no", "--recursive-errors=no", *(tmp_path / unit for unit in units)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")
