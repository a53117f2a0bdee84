"""A worker's process: its signals, its end, its command line, and what it writes."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from wyoming.ping import Ping

from .harness import PATIENCE, SCRIPTED, Lines, WorkerProcess, ask, environment, read, read_until, speak


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_answers_and_ends_well(tmp_path: Path, number: signal.Signals) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as busy, worker.client() as waiting, worker.client() as idle:
            await ask(busy, "until")
            await read_until(busy, "chorus.note")
            await ask(waiting, "bytes 1")
            await idle.write_event(Ping().event())
            await read(idle)
            worker.process.send_signal(number)
            for client in busy, waiting:
                assert (await read_until(client, "error")).error[0] == "cancelled"
                assert await client.read_event() is None
            assert await idle.read_event() is None

    with WorkerProcess(tmp_path, "--slots", "1") as worker:
        asyncio.run(talk(worker))
        assert worker.process.wait(PATIENCE) == 0
        assert not (tmp_path / "worker.sock").exists()
        assert not any("Traceback" in line for line in worker.log.all())


def test_told_to_end_it_does_not_wait_for_work_that_cannot_be_cancelled(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    async def talk(worker: WorkerProcess) -> int:
        async with worker.client() as client:
            await ask(client, f"gate {gate}")
            await read_until(client, "chorus.note")
            return worker.stop()

    with WorkerProcess(tmp_path) as worker:
        assert asyncio.run(talk(worker)) == 0


@pytest.mark.parametrize(
    ("text", "slots", "place"),
    [("until", "1", "wait_for_cancel"), ("until", "2", "wait_for_cancel"), ("stuck", "1", "do_stuck")],
)
def test_aborted_it_shows_where_every_thread_was(tmp_path: Path, text: str, slots: str, place: str) -> None:
    async def talk(worker: WorkerProcess) -> int:
        async with worker.client() as client:
            await ask(client, text)
            await read_until(client, "chorus.note")
            return worker.stop(signal.SIGABRT)

    with WorkerProcess(tmp_path, "--slots", slots) as worker:
        assert asyncio.run(talk(worker)) == -signal.SIGABRT
        stacks = "\n".join(worker.log.all())
    assert "Fatal Python error: Aborted" in stacks
    assert f"in {place}" in stacks, "what the work was doing"
    # Of a thread that is running just then, as the wire's may be, faulthandler cannot always read the frames.
    assert stacks.lower().count("thread 0x") >= 2, "that there was also the wire"


def test_it_does_not_outlive_its_parent(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPTED), "--uri", f"unix://{tmp_path}/worker.sock"]
    parent = subprocess.Popen(
        ["sh", "-c", '"$@" & wait', "sh", *command], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment()
    )
    assert parent.stderr is not None
    log = Lines(parent.stderr)
    log.wait_for("Listening at")
    parent.kill()
    parent.wait()
    log.all()  # Ends when the worker, which has the other end of the pipe, has ended.


def test_a_socket_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            assert (await speak(client, "bytes 1")).chunks == [b"\0\0"]

    with WorkerProcess(tmp_path) as first:
        first.stop(signal.SIGKILL)
        assert (tmp_path / "worker.sock").is_socket()
    with WorkerProcess(tmp_path) as second:
        asyncio.run(talk(second))


def test_every_line_that_is_logged_is_json(tmp_path: Path) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            await speak(client, "raise key")

    with WorkerProcess(tmp_path) as worker:
        asyncio.run(talk(worker))
        assert worker.stop() == 0
        greeting, *lines = worker.log.all()
    assert greeting == "greetings", "what the program itself writes is left as it is"
    first, second = (json.loads(line) for line in lines)
    assert first["level"] == "info"
    assert first["message"] == f"Listening at {worker.uri}"
    assert second.keys() == {"time", "level", "logger", "message"}
    assert second["level"] == "error"
    assert second["message"].startswith("A job failed: internal: KeyError\n")
    assert 'File "' in second["message"], "where it failed"


@pytest.mark.parametrize(
    ("flags", "variables", "complaint"),
    [
        ((), {}, "--uri is missing"),
        (("--uri", "http://host"), {}, "http://host is neither unix:///path nor tcp://host:port"),
        (("--uri", "unix:///" + 200 * "x"), {}, "longer than 107 bytes"),
        (("--uri", "unix:///x"), {"CHORUS_MEMORY_BYTES": "2GB"}, "CHORUS_MEMORY_BYTES is '2GB'"),
        (("--uri", "unix:///x"), {"OMP_NUM_THREADS": "0"}, "OMP_NUM_THREADS is '0'"),
    ],
)
def test_a_wrong_command_line_is_refused_at_once(
    flags: tuple[str, ...], variables: dict[str, str], complaint: str
) -> None:
    command = [sys.executable, str(SCRIPTED), *flags]
    run = subprocess.run(command, env=environment(**variables), capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 2
    assert complaint in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (("--fail", "prepare"), "FileNotFoundError: the weights are missing"),
        (("--fail", "load"), "RuntimeError: the weights do not fit"),
        (("--slots", "257"), "the engine has 257 slots; it may have 1 to 256"),
        (("--uri", "unix:///proc/self/no.sock"), "cannot listen at unix:///proc/self/no.sock: "),
    ],
)
def test_an_engine_that_cannot_start_says_why(tmp_path: Path, flags: tuple[str, ...], reason: str) -> None:
    worker = WorkerProcess(tmp_path, *flags)
    assert worker.process.wait(PATIENCE) == 1
    line = json.loads(worker.log.wait_for("The worker ends"))
    assert line["level"] == "critical"
    assert reason in line["exception"]


@pytest.mark.parametrize(("device", "status"), [("cpu", 1), ("cuda:0", 0)])
def test_the_doctor_answers_in_json_and_nothing_else(device: str, status: int) -> None:
    command = [sys.executable, str(SCRIPTED), "--doctor", "--device", device]
    run = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == status
    assert json.loads(run.stdout) == [
        {"check": "Python", "ok": True, "detail": "is here", "remedy": None},
        {"check": "a GPU", "ok": status == 0, "detail": f"the device is {device}", "remedy": "buy 一个"},
    ]
    assert "a library greets" in run.stderr


HUGE = 1 << 62


@pytest.mark.parametrize(
    "frame",
    [
        b"not json\n",
        b"[]\n",
        b"\xff\xfe\n",
        b'{"no": "type"}\n',
        b'{"type": 3}\n',
        b'{"type": "ping", "data": [1]}\n',
        b'{"type": "ping", "data": {"text": NaN}}\n',
        b'{"type": "ping", "data": {"text": "\\ud800"}}\n',
        b'{"type": "ping", "data_length": 3}\n{]}',
        b'{"type": "ping", "data_length": 2}\n[]',
        b'{"type": "ping", "data_length": -1}\n',
        b'{"type": "ping", "data_length": "1"}\n',
        b'{"type": "ping", "data_length": %d}\n' % HUGE,
        b'{"type": "ping", "payload_length": %d}\n' % HUGE,
        60_000 * b"[" + b"\n",
        200_000 * b"x",
    ],
    ids=lambda frame: repr(frame[:40]),
)
def test_a_broken_frame_ends_its_connection_only(shared_worker: WorkerProcess, frame: bytes) -> None:
    async def talk(worker: WorkerProcess) -> None:
        async with worker.client() as client:
            await ask(client, "until")
            await read_until(client, "chorus.note")
            with socket.socket(socket.AF_UNIX) as raw:
                raw.settimeout(PATIENCE)
                raw.connect(worker.uri.removeprefix("unix://"))
                try:
                    raw.sendall(frame)
                    assert raw.recv(1) == b""
                except ConnectionError:
                    pass  # It hung up before it had read all of it.
            await client.write_event(Ping().event())
            assert "idle_for" in (await read_until(client, "pong")).events[-1].data, "another one's job runs on"

    asyncio.run(talk(shared_worker))
    shared_worker.log.wait_for("A connection ends")
