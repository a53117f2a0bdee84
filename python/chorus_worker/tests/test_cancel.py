"""Work that nobody wants any more ends soon, and harms nothing."""

import asyncio
import os
from pathlib import Path

from wyoming.ping import Ping

from chorus_worker.memory import host_memory

from .harness import WorkerProcess, ask, cancel, read, read_until, speak

LATE = ("cancelled", "The deadline has passed.")


def resident_bytes(worker: WorkerProcess) -> int:
    """How much memory it has."""
    rss: int = host_memory(Path(f"/proc/{worker.process.pid}"))["rss"]
    return rss


def test_a_cancelled_job_ends_and_the_next_one_is_whole(tmp_path: Path) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            await cancel(client)  # Nothing runs: nothing happens.
            for text, until in ("until", "chorus.note"), ("endless", "audio-chunk"):
                await ask(client, text)
                await read_until(client, until)
                await cancel(client)
                await cancel(client)
                answer = await read_until(client, "error")
                assert answer.error == ("cancelled", "the job was cancelled")
                assert (await speak(client, "bytes 1")).chunks == [b"\0\0"]

    with WorkerProcess(tmp_path) as worker:
        asyncio.run(talk(worker))
        assert worker.stop() == 0
        assert not any("Traceback" in line for line in worker.log.all())


def test_a_job_ends_at_its_deadline_and_the_next_one_is_whole(shared_worker: WorkerProcess) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            for text in "until", "endless", "steps":
                assert (await speak(client, text, deadline=0.05)).error == LATE
                answer = await speak(client, "tell", deadline=1e9)
                assert "|{}|" in answer.notes[0], "an engine's options have no deadline in them"
                assert answer.chunks == [b"\0\0"]

    asyncio.run(talk(shared_worker))


def test_a_job_whose_deadline_has_passed_does_not_begin(tmp_path: Path, shared_worker: WorkerProcess) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as one, worker.client() as two:
            for seconds in 0.0, -1.0:
                answer = await speak(one, "tell", deadline=seconds)
                assert answer.names == ["error"], "the engine was not asked"
                assert answer.error == LATE
            await ask(one, f"gate {gate}")
            await read_until(one, "chorus.note")
            for seconds in 0.0, 0.01:
                answer = await speak(two, "tell", deadline=seconds)
                assert answer.error == LATE, "it need not wait for a slot"
            gate.write_bytes(b"")
            assert (await read_until(one, "audio-stop")).chunks == [b"\0\0"]

    asyncio.run(talk(shared_worker))


def test_a_closed_connection_cancels_its_job(shared_worker: WorkerProcess) -> None:
    async def talk(worker: WorkerProcess) -> None:
        for text, until in ("until", "chorus.note"), ("endless", "audio-chunk"), ("steps", "chorus.progress"):
            async with worker.client() as client:
                await ask(client, text)
                await read_until(client, until)
        async with worker.client() as client:
            assert (await speak(client, "bytes 1")).chunks == [b"\0\0"], "the only slot is free again"

    asyncio.run(talk(shared_worker))


def test_a_reader_that_sleeps_stops_the_work_and_not_the_worker(shared_worker: WorkerProcess) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as sleeper, worker.client() as other:
            before = resident_bytes(worker)
            await ask(sleeper, "endless")
            idle = 0.0
            while idle < 0.5:  # It yields without end, so it can only stand still where it waits for its reader.
                await other.write_event(Ping().event())
                idle = (await read(other)).data.get("idle_for", 0.0)
            assert resident_bytes(worker) - before < 8 << 20
            await cancel(sleeper)
            assert (await read_until(sleeper, "error")).error[0] == "cancelled"

    asyncio.run(talk(shared_worker))
