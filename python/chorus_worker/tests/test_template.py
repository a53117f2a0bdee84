"""Template processes: forked instances, and the conversation with Chorus about them."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from wyoming.client import AsyncClient

from .harness import PATIENCE, SCRIPTED, Lines, ask, environment, read_until, speak


class Child:
    """A forked instance, as Chorus sees it."""

    def __init__(self, pid: int, pidfd: int, output: Lines, uri: str) -> None:
        """Takes the pidfd over."""
        self.pid, self.pidfd, self.output, self.uri = pid, pidfd, output, uri

    def has_ended(self, within: float = PATIENCE) -> bool:
        """Waits until the pidfd is readable."""
        return bool(select.select([self.pidfd], [], [], within)[0])

    def client(self) -> AsyncClient:
        """A connection to it."""
        return AsyncClient.from_uri(self.uri, connect_timeout=PATIENCE, read_timeout=PATIENCE)

    def say(self, text: str) -> list[str]:
        """Waits until it listens, and does a job. Returns the notes."""

        async def talk() -> list[str]:
            self.output.wait_for("Listening at")
            async with self.client() as client:
                answer = await speak(client, text)
                assert answer.chunks == [b"\0\0"]
                return answer.notes

        return asyncio.run(talk())


class Template:
    """A template process, and Chorus's end of the socket to it."""

    def __init__(self, directory: Path, *flags: str, **variables: str) -> None:
        """Starts it, and does not wait."""
        self.directory = directory
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(PATIENCE)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, str(SCRIPTED), "--device", "cpu", *flags],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                env=environment(CHORUS_TEMPLATE_FD=str(theirs.fileno()), **variables),
            )
            self._descriptor = theirs.fileno()
        assert self.process.stderr is not None
        self.log = Lines(self.process.stderr)
        self.children: list[Child] = []

    def __enter__(self) -> Template:
        """Waits until it is prepared."""
        assert self.read() == ({"type": "ready"}, [])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leaves nothing behind."""
        self.process.kill()
        self.process.wait()
        self.control.close()
        for child in self.children:
            os.close(child.pidfd)

    def channel(self) -> str:
        """The name of its end of the socket, in the file system of processes."""
        return os.readlink(f"/proc/{self.process.pid}/fd/{self._descriptor}")

    def read(self) -> tuple[Any, list[int]]:
        """What it says next, and the descriptors that come with it; nothing if it has hung up."""
        packet, descriptors, _, _ = socket.recv_fds(self.control, 65536, 4)
        return json.loads(packet) if packet else None, descriptors

    def ask(self, message: object, *descriptors: int) -> tuple[Any, list[int]]:
        """Sends a message, and reads the answer."""
        socket.send_fds(self.control, [json.dumps(message).encode()], descriptors)
        return self.read()

    def fork(self, number: int, **more: object) -> Child:
        """An instance, from a message with `more` in it."""
        uri = f"unix://{self.directory}/{number}.sock"
        reading, writing = os.pipe()
        message = {
            "type": "fork",
            "id": number,
            "uri": uri,
            "device": f"cpu:{number}",
            "instance": f"tts-{number}",
            **more,
        }
        answer, (pidfd,) = self.ask(message, writing)
        os.close(writing)
        assert answer == {"type": "forked", "id": number, "pid": answer["pid"]}
        child = Child(answer["pid"], pidfd, Lines(os.fdopen(reading, "rb")), uri)
        self.children.append(child)
        return child


def test_children_live_their_own_lives(tmp_path: Path) -> None:
    with Template(tmp_path, OMP_NUM_THREADS="3") as template:
        first, second = template.fork(1), template.fork(2)
        told = [child.say("process") for child in (first, second)]
        for child, notes in zip((first, second), told, strict=True):
            numbers, descriptors, variables, _, threads, inheritable = notes
            assert numbers == f"{child.pid} {template.process.pid} {child.pid}", "prepared once; a group of its own"
            assert {template.channel(), "anon_inode:[pidfd]"}.isdisjoint(ast.literal_eval(descriptors))
            assert variables == "[]"
            assert threads == "3"
            assert inheritable == "[0, 1, 2]", "programs that prepare() starts do not get the socket to Chorus"
        assert told[0][3] != told[1][3], "their random numbers are their own"
        assert first.say("tell") == ["tell|None|None|None|{}|cpu:1|tts-1|3|None|True|['wire']"]

        os.killpg(first.pid, signal.SIGKILL)
        assert first.has_ended()
        assert template.ask({"type": "reap", "pid": first.pid}) == (
            {"type": "reaped", "pid": first.pid, "signal": signal.SIGKILL},
            [],
        )
        assert second.say("process")[0].startswith(f"{second.pid} ")
        third = template.fork(3)
        assert third.say("process")[0].startswith(f"{third.pid} ")

        os.kill(second.pid, signal.SIGTERM)
        assert second.has_ended()
        assert template.ask({"type": "reap", "pid": second.pid})[0] == {
            "type": "reaped",
            "pid": second.pid,
            "status": 0,
        }
        assert not any("Traceback" in line for line in second.output.all())


def test_a_child_that_is_aborted_shows_where_it_was(tmp_path: Path) -> None:
    async def abort(child: Child) -> None:
        child.output.wait_for("Listening at")
        async with child.client() as client:
            await ask(client, "stuck")
            await read_until(client, "chorus.note")
            os.kill(child.pid, signal.SIGABRT)
            assert await client.read_event() is None

    with Template(tmp_path) as template:
        child = template.fork(1)
        asyncio.run(abort(child))
        assert child.has_ended()
        assert template.ask({"type": "reap", "pid": child.pid})[0]["signal"] == signal.SIGABRT
        stacks = "\n".join(child.output.all())
    assert "Fatal Python error: Aborted" in stacks
    assert "in do_stuck" in stacks


def test_an_ended_child_keeps_its_number_until_it_is_reaped(tmp_path: Path) -> None:
    with Template(tmp_path) as template:
        child = template.fork(1)
        child.say("bytes 1")
        os.kill(child.pid, signal.SIGKILL)
        assert child.has_ended()
        template.fork(2).say("bytes 1")
        assert f"PPid:\t{template.process.pid}" in Path(f"/proc/{child.pid}/status").read_text()
        template.ask({"type": "reap", "pid": child.pid})
        assert not Path(f"/proc/{child.pid}").exists()


def test_children_end_with_their_template(tmp_path: Path) -> None:
    async def lose(busy: Child, template: Template) -> None:
        async with busy.client() as client:
            await ask(client, "until")
            await read_until(client, "chorus.note")
            template.process.kill()
            assert await client.read_event() is None

    with Template(tmp_path) as template:
        children = [template.fork(1), template.fork(2)]
        for child in children:
            child.say("bytes 1")
        asyncio.run(lose(children[0], template))
        assert all(child.has_ended() for child in children)


def test_a_template_ends_when_chorus_hangs_up(tmp_path: Path) -> None:
    with Template(tmp_path) as template:
        child = template.fork(1)
        child.say("bytes 1")
        template.control.close()
        assert template.process.wait(PATIENCE) == 0
        assert child.has_ended()


def test_a_child_that_cannot_load_says_why_where_it_was_told_to(tmp_path: Path) -> None:
    with Template(tmp_path, "--fail", "load") as template:
        child = template.fork(1)
        assert child.has_ended()
        assert template.ask({"type": "reap", "pid": child.pid})[0]["status"] == 1
        assert "RuntimeError: the weights do not fit" in child.output.wait_for("The worker ends")
        assert template.fork(2).has_ended(), "the template is none the worse"


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--fail", "prepare"], "FileNotFoundError: the weights are missing"),
        (["--fail", "thread"], "prepare() left threads running (left-behind)"),
        (["--pretend-cuda"], "prepare() used CUDA"),
    ],
)
def test_a_template_that_cannot_prepare_says_why(tmp_path: Path, flags: list[str], reason: str) -> None:
    template = Template(tmp_path, *flags)
    assert template.read() == (None, [])
    assert template.process.wait(PATIENCE) == 1
    assert reason in template.log.wait_for("The worker ends")
    template.control.close()


@pytest.mark.parametrize("failure", ["prepare", "thread"])
def test_a_template_has_said_why_before_it_hangs_up(tmp_path: Path, failure: str) -> None:
    template = Template(tmp_path, "--fail", failure)
    assert template.read() == (None, [])
    template.process.kill()  # As Chorus does at once.
    template.process.wait()
    template.control.close()
    assert any("The worker ends" in line for line in template.log.all())


def test_a_child_has_the_budget_that_it_is_born_with(tmp_path: Path) -> None:
    with Template(tmp_path, CHORUS_MEMORY_BYTES="1000") as template:
        for number, more, budget in (
            (1, {"memory_bytes": 2**40}, 2**40),
            (2, {"memory_bytes": None}, 1000),
            (3, {}, 1000),
        ):
            child = template.fork(number, **more)
            assert child.say("tell") == [f"tell|None|None|None|{{}}|cpu:{number}|tts-{number}|1|{budget}|True|['wire']"]
            assert child.say("budget") == [str(budget)], "what it starts has it, too"


def test_what_cannot_be_forked_is_refused_with_a_reason(tmp_path: Path) -> None:
    with Template(tmp_path) as template:
        good = f"unix://{tmp_path}/5.sock"
        for descriptors, uri, budget, reason in (
            ([], good, None, "no descriptor came with it"),
            ([2], "nonsense", None, "nonsense is neither unix:///path nor tcp://host:port"),
            ([2], good, 0, "memory_bytes is 0; it must be a whole number above 0"),
            ([2], good, True, "memory_bytes is True"),
            ([2], good, "1", "memory_bytes is '1'"),
        ):
            message = {"type": "fork", "id": 5, "uri": uri, "device": "cpu", "instance": None, "memory_bytes": budget}
            answer, _ = template.ask(message, *descriptors)
            assert (answer["type"], answer["id"]) == ("failed", 5)
            assert reason in answer["reason"]
        assert template.fork(1).say("bytes 1") == []
