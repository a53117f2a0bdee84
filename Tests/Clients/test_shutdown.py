"""The end: who is being served is served, nobody new comes in, nothing stays behind."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from conftest import Serve
from fake_voice import listen
from server import BIN, Server, espeak_engine, fake_engine, fertile_engine, name_of, plain_engine, wait_until

LONG_TEXT = " ".join(f"This is sentence number {n} {{pace:50}}, and it says nothing new." for n in range(1, 6))


def refuses_connections(server: Server) -> bool:
    """Whether the listener is gone."""
    try:
        socket.create_connection(("127.0.0.1", server.port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_sigterm_lets_a_stream_finish(serve: Serve) -> None:
    server = serve(fake_engine(instances=2))
    response = server.call(LONG_TEXT).response()
    audio = response.read(1)
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses_connections(server), "nobody new comes in")
    assert server.process.poll() is None, "it ended before the stream did"
    audio += response.read()
    assert listen(audio, LONG_TEXT).whole
    server.assert_ended_well()


def test_sigterm_serves_those_who_wait(serve: Serve) -> None:
    server = serve(fake_engine())
    texts = ["{sleep:1000} is the first", "This is the second", "This is the third"]
    calls = [server.call(texts[0])]
    wait_until(server.is_busy, "the slot is taken")
    calls += [server.call(text) for text in texts[1:]]
    wait_until(lambda: server.queued() == 2, "two jobs wait")
    server.process.send_signal(signal.SIGTERM)
    responses = [call.response() for call in calls]
    assert [listen(response.read(), text).whole for response, text in zip(responses, texts, strict=True)] == [True] * 3
    server.assert_ended_well()


def test_workers_are_found_by_their_mark(serve: Serve) -> None:
    """What the other tests rely on when they see no process left."""
    server = serve(fake_engine(instances=2), plain_engine(), espeak_engine())
    workers = {instance["pid"] for instance in server.instances()}
    assert len(workers) == 4
    assert workers | {server.process.pid} <= server.processes()


def test_no_worker_outlives_a_killed_server(serve: Serve) -> None:
    server = serve(fake_engine(instances=2), plain_engine(), espeak_engine())
    busy = server.call("{sleep:60000}")
    wait_until(lambda: any(instance["state"] == "busy" for instance in server.instances()), "a worker works")
    server.kill()
    wait_until(lambda: server.processes() == set(), "every worker is gone", limit=10)
    busy.leave()


def test_a_server_that_still_loads_can_be_stopped(serve: Serve) -> None:
    server = serve(fake_engine("--load-ms", "600000"), until_loaded=False)
    wait_until(lambda: len(server.workers()) > 0, "the worker is there")
    server.stop()


def test_what_workers_have_started_ends_with_the_server(serve: Serve) -> None:
    server = serve(fertile_engine(instances=2))
    wait_until(lambda: len(server.workers()) == 6, "two workers with two processes each")
    server.stop()


def test_what_workers_have_started_does_not_outlive_a_killed_server(serve: Serve) -> None:
    server = serve(fertile_engine(instances=2))
    wait_until(lambda: len(server.workers()) == 6, "two workers with two processes each")
    server.kill()
    wait_until(lambda: server.processes() == set(), "all are gone, and the guardian too", limit=5)


def test_the_guardian_holds_nothing_and_only_kill_moves_it(serve: Serve) -> None:
    server = serve(fertile_engine())
    guardian = server.guardian()
    assert guardian is not None
    assert [link.name for link in Path(f"/proc/{guardian}/fd").iterdir()] == ["0"], "the pipe that it waits for"
    assert Path(f"/proc/{guardian}/cwd").readlink() == Path("/")
    for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1:
        os.kill(guardian, number)
    assert server.speak("Good as new").status_code == 200
    assert server.guardian() == guardian
    os.kill(guardian, signal.SIGKILL)
    wait_until(lambda: server.guardian() not in {None, guardian}, "there is another one")
    server.kill()
    wait_until(lambda: server.processes() == set(), "it does what the first would have done", limit=5)


CONTAINER = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child")
"""Runs a program as the first process of its own world."""


def children_of(parent: int) -> dict[int, str]:
    """The children of a process, and their states; `Z` is one that nobody has waited for."""
    children = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, of = path.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(of) == parent:
            children[int(path.parent.name)] = state
    return children


def test_orphans_do_not_pile_up_where_chorus_is_the_first_process(serve: Serve) -> None:
    if subprocess.run([*CONTAINER, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets nobody make a PID namespace")
    script = f'(sleep 0.01 &); exec {BIN / "FakeWorker"} --uri "$0"'
    engine = {"name": "careless", "command": ["/bin/sh", "-c", script, "{uri}"], "instances": 1}
    server = serve(engine, wrapper=CONTAINER)
    [chorus] = children_of(server.process.pid)
    [worker] = [pid for pid in children_of(chorus) if name_of(pid) == "FakeWorker"]
    wait_until(lambda: "Z" in children_of(chorus).values(), "its child has become an orphan, and ended")
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: "Z" not in children_of(chorus).values(), "no zombie is left", limit=15)
    os.kill(chorus, signal.SIGTERM)
    server.assert_ended_well()
