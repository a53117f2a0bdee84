"""What the documents show is what the tests run."""

import shlex
import subprocess
from pathlib import Path

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
