"""What the documents show is what the tests run."""

from pathlib import Path

HERE = Path(__file__).parent


def test_the_worker_in_the_documents_is_the_one_that_is_tested() -> None:
    document = (HERE.parent.parent / "docs" / "WORKERS.md").read_text()
    assert f"```python\n{(HERE / 'plain_engine.py').read_text()}```" in document
