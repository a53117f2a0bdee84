"""A worker, as any Wyoming client sees it."""

import asyncio
import os
from array import array
from pathlib import Path

import pytest
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.user_event import UserEvent

from chorus_worker.job import PROGRESS_INTERVAL

from .harness import WorkerProcess, ask, cancel, read, read_until, speak

SAMPLES = array("h", range(20_000)).tobytes()


def test_it_says_what_it_is_and_what_it_uses(tmp_path: Path) -> None:
    async def talk(worker: WorkerProcess) -> tuple[Event, Event]:
        async with worker.client() as client:
            await client.write_event(Describe().event())
            return await read(client), await read(client)

    with WorkerProcess(tmp_path, "--slots", "3") as worker:
        info, memory = asyncio.run(talk(worker))
    (program,) = Info.from_event(info).tts
    assert (program.name, program.version, program.description) == ("scripted", "7", "does what it is told")
    assert program.attribution.url == "https://example.org"
    assert [(voice.name, voice.languages) for voice in program.voices] == [("one", ["en", "zh"]), ("two", [])]
    assert info.data["chorus"] == {"slots": 3, "cancel": True, "deterministic": False, "make_voice": True}
    assert memory.data["name"] == "chorus.memory"
    assert memory.data["data"].keys() == {"rss", "pss"}, "nothing has used CUDA"
    assert 0 < memory.data["data"]["pss"] <= memory.data["data"]["rss"] < 1 << 30


def test_jobs_follow_each_other_on_a_connection(tmp_path: Path) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            for _ in range(3):
                answer = await speak(client, "bytes 20000")
                assert answer.names == ["audio-start", "audio-chunk", "audio-stop"]
                assert (answer.start.rate, answer.start.width, answer.start.channels) == (8_000, 2, 1)
                assert [len(chunk) // 2 for chunk in answer.chunks] == [8_000, 8_000, 4_000], "a second at most"
                assert b"".join(answer.chunks) == SAMPLES
            answer = await speak(client, "int16")
            assert answer.chunks == [array("h", [-32768, 0, 32767]).tobytes()], "what is empty is not sent"
            answer = await speak(client, "float")
            assert list(array("h", answer.chunks[0])) == [-32767, -32767, 0, 16384, 32767, 32767]

    with WorkerProcess(tmp_path) as worker:
        asyncio.run(talk(worker))
        assert worker.stop() == 0
        assert worker.output.all() == []


def test_an_engine_gets_what_the_client_sent(tmp_path: Path) -> None:
    async def talk(worker: WorkerProcess) -> list[str]:
        async with worker.client() as client:
            first = await speak(client, "tell 一")
            second = await speak(client, "tell", "two", seed=2**32 - 1, speaker={"code": "x"}, temperature=0.5, deep={})
            return first.notes + second.notes

    flags = "--device", "cuda:1", "--instance", "scripted-4"
    with WorkerProcess(tmp_path, *flags, CHORUS_MEMORY_BYTES="123", OMP_NUM_THREADS="4") as worker:
        notes = asyncio.run(talk(worker))
    process = "cuda:1|scripted-4|4|123|True|['wire']"
    assert notes == [
        f"tell 一|None|None|None|{{}}|{process}",
        f"tell|two|{{'code': 'x'}}|4294967295|{{'temperature': 0.5, 'deep': {{}}}}|{process}",
    ]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("raise bad", "bad_request", "say something else"),
        ("raise nothing", "nothing_to_say", "it is all smoke"),
        ("raise memory", "out_of_memory", "no room"),
        ("raise python", "out_of_memory", "the memory does not suffice for this job"),
        ("raise torch", "out_of_memory", "CUDA out of memory. Tried to allocate 2 GiB."),
        ("raise key", "internal", "KeyError: 'nonsense \\ud800'"),
        ("raise exit", "internal", "SystemExit: 3"),
        ("late", "internal", "ValueError: late"),
        ("nan", "bad_audio", "the engine made audio in which 1 of 2 samples are NaN or infinite"),
        ("silence", "internal", "the engine made no audio, and did not raise NothingToSay"),
    ],
)
def test_a_failed_job_says_why_and_the_next_one_works(
    shared_worker: WorkerProcess, text: str, code: str, message: str
) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            answer = await speak(client, text)
            assert answer.error == (code, message)
            assert (await speak(client, "bytes 1")).chunks == [b"\0\0"]

    asyncio.run(talk(shared_worker))


def test_out_of_memory_the_cache_is_emptied_before_the_answer(tmp_path: Path) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            for text in "raise torch", "raise bad":
                await speak(client, text)

    with WorkerProcess(tmp_path, "--pretend-cuda") as worker:
        asyncio.run(talk(worker))
        assert worker.stop() == 0
        assert worker.log.all().count("the cache was emptied") == 1


def test_a_job_that_ran_out_of_memory_is_followed_by_a_report(shared_worker: WorkerProcess) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            await speak(client, "raise chained")
            assert (await read(client)).data["name"] == "chorus.memory"

    asyncio.run(talk(shared_worker))


def test_asked_for_its_cache_it_gives_it_back_between_jobs_and_reports(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    release = UserEvent("chorus.release").event()

    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client, worker.client() as other:
            await client.write_event(release)
            report = await read(client)
            assert report.data["name"] == "chorus.memory"
            assert report.data["data"].keys() == {"rss", "pss"}
            worker.log.wait_for("the cache was emptied")

            await ask(client, f"gate {gate}")
            await read_until(client, "chorus.note")
            for _ in range(3):
                await client.write_event(release)
            await client.write_event(Ping().event())
            assert (await read(client)).type == "pong", "not during a job"
            gate.write_bytes(b"")
            await read_until(client, "audio-stop")
            assert (await read(client)).data["name"] == "chorus.memory"

            await ask(client, f"gate {gate}")
            await read_until(client, "chorus.note")
            await other.write_event(release)
            await ask(other, "bytes 1")
            gate.write_bytes(b"")
            names = [event.data.get("name") for event in (await read_until(other, "audio-stop")).events]
            assert names[0] == "chorus.memory", "a job asked for in the meantime comes after it"

            await ask(client, f"gate {gate}")
            await read_until(client, "chorus.note")
            async with worker.client() as leaving:
                await leaving.write_event(release)
                await leaving.write_event(Ping().event())
                await read(leaving)
            for _ in range(2):  # The end of a connection may be heard after a ping on another one, not after two.
                await other.write_event(Ping().event())
                await read_until(other, "pong")
            gate.write_bytes(b"")
            await read_until(client, "audio-stop")

    with WorkerProcess(tmp_path, "--pretend-cuda") as worker:
        asyncio.run(talk(worker))
        assert worker.stop() == 0
        assert worker.log.all().count("the cache was emptied") == 3, (
            "once for what was asked in a job, never for who has left"
        )


def test_notes_are_cut_to_their_limit(shared_worker: WorkerProcess) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            answer = await speak(client, "note")
            assert answer.names == ["audio-start", "audio-chunk", "chorus.note", "audio-stop"]
            assert answer.notes == ["长" * (1024 // 3), "?"]

    asyncio.run(talk(shared_worker))


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        (Event("synthesize"), "text is missing"),
        (Event("synthesize", {"text": 7}), "text must be a string"),
        (Event("synthesize", {"text": "bytes 1", "context": [1]}), "context must be an object"),
        (Event("synthesize", {"text": "bytes 1", "voice": "one"}), "voice must be an object"),
        (Event("synthesize", {"text": "bytes 1", "voice": {"name": 1}}), "name must be a string"),
        (Event("synthesize", {"text": "bytes 1", "context": {"speaker": "x"}}), "context.speaker must be an object"),
        *(
            (Event("synthesize", {"text": "bytes 1", "context": {"seed": seed}}), "from 0 to 4294967295")
            for seed in (-1, 2**32, 1.0, True, "1")
        ),
        *(
            (Event("synthesize", {"text": "bytes 1", "context": {"deadline": deadline}}), "must be a number of seconds")
            for deadline in (True, "1", [1])
        ),
        (UserEvent("chorus.voice").event(), "exactly one of seed, code and a recording"),
        (UserEvent("chorus.voice", {"seed": 1, "code": "x"}).event(), "exactly one of seed, code and a recording"),
        (UserEvent("chorus.voice", {"seed": -1}).event(), "seed must be an integer"),
        (Event("user-event", {"name": "chorus.voice", "data": {"text": "hi"}}, b"ab"), "sample_rate is missing"),
        (Event("user-event", {"name": "chorus.voice", "data": {"sample_rate": 10}}, b"ab"), "from 8000 to 192000"),
        (Event("user-event", {"name": "chorus.voice", "data": {"sample_rate": 8000}}, b"abc"), "half a sample"),
        (UserEvent("chorus.voice", {"code": "bad"}).event(), "the code is bad"),
    ],
)
def test_a_wrong_request_is_refused_and_the_connection_stays(
    shared_worker: WorkerProcess, event: Event, complaint: str
) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            await client.write_event(event)
            code, text = (await read_until(client, "error")).error
            assert code == "bad_request"
            assert complaint in text
            assert (await speak(client, "bytes 1")).chunks == [b"\0\0"]

    asyncio.run(talk(shared_worker))


def test_voices_are_made_of_seeds_codes_and_recordings(shared_worker: WorkerProcess) -> None:
    recording = {"sample_rate": 16_000, "text": "你好"}
    expected = {"seed": None, "code": None, "bytes": 0, "rate": None, "text": None}

    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:

            async def made(data: object, payload: bytes | None = None) -> object:
                await client.write_event(Event("user-event", {"name": "chorus.voice", "data": data}, payload))
                return (await read_until(client, "chorus.voice")).events[-1].data["data"]["speaker"]

            assert await made({"seed": 0}) == {**expected, "seed": 0}
            assert await made({"code": "蘁淰"}) == {**expected, "code": "蘁淰"}
            made_of_recording = await made(recording, bytes(2 << 20))
            assert made_of_recording == {**expected, "bytes": 2 << 20, "rate": 16_000, "text": "你好"}
            await client.write_event(UserEvent("chorus.voice", {"code": "strange"}).event())
            code, text = (await read_until(client, "error")).error
            assert code == "internal"
            assert "not JSON" in text

    asyncio.run(talk(shared_worker))


def test_what_libraries_print_disturbs_nothing(tmp_path: Path) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            assert (await speak(client, "print")).names == ["audio-start", "audio-chunk", "audio-stop"]

    with WorkerProcess(tmp_path) as worker:
        asyncio.run(talk(worker))
        for line in "printed 一", "written", "echoed":
            worker.log.wait_for(line)
        assert worker.stop() == 0
        assert worker.output.all() == []


def test_it_listens_on_tcp_too(tmp_path: Path) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            assert (await speak(client, "bytes 1")).chunks == [b"\0\0"]

    with WorkerProcess(tmp_path, uri="tcp://127.0.0.1:0") as worker:
        asyncio.run(talk(worker))


def test_a_ping_is_answered_during_a_job(shared_worker: WorkerProcess) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client, worker.client() as other:
            await other.write_event(Ping("before").event())
            assert "idle_for" not in (await read(other)).data
            await ask(client, "until")
            await read_until(client, "chorus.note")
            for asked in client, other:
                idle = -1.0
                while idle < 0.1:
                    await asked.write_event(Ping("一").event())
                    pong = await read(asked)
                    assert Pong.from_event(pong).text == "一"
                    assert pong.data["idle_for"] >= idle, "nothing moves"
                    idle = pong.data["idle_for"]
            await cancel(client)
            await read_until(client, "error")
            await other.write_event(Ping("after").event())
            assert "idle_for" not in (await read(other)).data

    asyncio.run(talk(shared_worker))


def test_progress_is_told_once_a_second(shared_worker: WorkerProcess) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            await ask(client, "steps")
            loop = asyncio.get_running_loop()
            first = (await read_until(client, "chorus.progress")).events[-1].data["data"]["steps"]
            began = loop.time()
            second = (await read_until(client, "chorus.progress")).events[-1].data["data"]["steps"]
            assert loop.time() - began > 0.5
            assert 1 < first < second
            await client.write_event(Ping().event())
            assert (await read_until(client, "pong")).events[-1].data["idle_for"] < 0.5
            await cancel(client)
            assert (await read_until(client, "error")).error[0] == "cancelled"

    asyncio.run(talk(shared_worker))


def test_what_an_engine_yields_is_progress_even_if_it_is_empty(shared_worker: WorkerProcess) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            await ask(client, "empty")
            answer = await read_until(client, "chorus.progress")
            assert answer.names == ["chorus.progress"]
            await cancel(client)
            assert (await read_until(client, "error")).error[0] == "cancelled"

    asyncio.run(talk(shared_worker))


def test_while_the_work_stands_still_pings_are_answered_and_no_progress_is_told(shared_worker: WorkerProcess) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            await ask(client, "until")
            await read_until(client, "chorus.note")
            idle = 0.0
            while idle < 2 * PROGRESS_INTERVAL:
                await client.write_event(Ping().event())
                answer = await read_until(client, "pong")
                assert answer.names == ["pong"]
                idle = answer.events[-1].data["idle_for"]
            await cancel(client)
            await read_until(client, "error")

    asyncio.run(talk(shared_worker))


def test_slots_work_side_by_side_and_more_jobs_wait_their_turn(tmp_path: Path) -> None:
    gates = [tmp_path / f"gate-{number}" for number in range(2)]
    for gate in gates:
        os.mkfifo(gate)

    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as one, worker.client() as two, worker.client() as three, worker.client() as four:
            await ask(one, f"gate {gates[0]}")
            await read_until(one, "chorus.note")
            await ask(two, f"gate {gates[1]}")
            await read_until(two, "chorus.note")
            await ask(three, "tell")
            await ask(four, "bytes 1")
            for client in three, four:
                await client.write_event(Ping("still here").event())
                assert (await read(client)).type == "pong", "no slot is free for its job"
            await cancel(four)
            assert (await read_until(four, "error")).error[0] == "cancelled", "it need not wait for a slot"
            gates[1].write_bytes(b"")
            assert (await read_until(two, "audio-stop")).chunks
            (note,) = (await read_until(three, "audio-stop")).notes
            assert note.endswith(("|True|['slot-1', 'wire']", "|False|['MainThread', 'wire']"))
            gates[0].write_bytes(b"")
            assert (await read_until(one, "audio-stop")).chunks

    with WorkerProcess(tmp_path, "--slots", "2") as worker:
        asyncio.run(talk(worker))
        assert worker.stop() == 0


def test_a_second_job_on_a_connection_does_not_break_the_first(tmp_path: Path, shared_worker: WorkerProcess) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            await ask(client, f"gate {gate}")
            await read_until(client, "chorus.note")
            code, text = (await speak(client, "bytes 1")).error
            assert code == "bad_request"
            assert "has a job" in text
            gate.write_bytes(b"")
            assert (await read_until(client, "audio-stop")).chunks == [b"\0\0"]

    asyncio.run(talk(shared_worker))
