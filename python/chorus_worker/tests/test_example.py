"""The engine of docs/WORKERS.md: it is what the document shows, and it works."""

import asyncio
from pathlib import Path

from wyoming.info import Describe, Info

from .harness import HERE, WorkerProcess, ask, cancel, read, read_until, speak

EXAMPLE = HERE / "example_engine.py"


def test_the_document_shows_the_example_that_is_tested() -> None:
    document = (HERE.parents[2] / "docs" / "WORKERS.md").read_text()
    assert f"```python\n{EXAMPLE.read_text()}```" in document


def test_the_example_sings(tmp_path: Path) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            await client.write_event(Describe().event())
            info = await read(client)
            assert Info.from_event(info).tts[0].voices[0].languages == ["en", "zh"]
            assert info.data["chorus"] == {"slots": 1, "cancel": True, "deterministic": True, "make_voice": False}
            one, same, other = [await speak(client, text) for text in ("唱 la", "唱 la", "lala")]
            assert [len(chunk) for chunk in one.chunks] == 4 * [4800], "a chunk for each character"
            assert one.chunks == same.chunks
            assert one.chunks != other.chunks
            assert set((await speak(client, "la", volume=0)).chunks) == {bytes(4800)}
            for volume in 2, "loud":
                refused = await speak(client, "la", volume=volume)
                assert refused.error == ("bad_request", "volume must be a number from 0 to 1")
            await ask(client, 100_000 * "la")
            await read_until(client, "audio-chunk")
            await cancel(client)
            assert (await read_until(client, "error")).error[0] == "cancelled"

    with WorkerProcess(tmp_path, engine=EXAMPLE) as worker:
        asyncio.run(talk(worker))
        assert worker.stop() == 0
        worker.log.wait_for("loading on cpu")
