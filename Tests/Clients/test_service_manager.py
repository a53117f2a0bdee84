"""What a service manager such as systemd is told, and the socket that it hands over."""

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from conftest import Serve
from fake_voice import listen, speech
from raw import connect, speech_request
from server import (
    BIN,
    Server,
    clean_environment,
    environment_of,
    fake_engine,
    wait_until,
    write_configuration,
)

TEXT = "Everybody is served"
PROTOCOL = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")
"""The variables that are meant for the server alone."""


class Manager:
    """Listens as a service manager does."""

    def __init__(self, address: str) -> None:
        """Begins; an address that begins with `@` is in the abstract namespace."""
        self.address = address
        self.heard: list[tuple[float, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0", 1))
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while message := self._socket.recv(4096):
            self.heard.append((time.monotonic(), message.decode()))

    def close(self) -> None:
        """Ends."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def states(self) -> list[str]:
        """What it was told, but for signs of life, in order."""
        return [message for _, message in list(self.heard) if message != "WATCHDOG=1"]

    def signs_of_life(self) -> list[float]:
        """When it was told that all is well."""
        return [moment for moment, message in list(self.heard) if message == "WATCHDOG=1"]


@pytest.fixture(params=["path", "abstract"])
def manager(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Manager]:
    """A manager of a test's own."""
    path = str(tmp_path / "notify")
    with closing(Manager(path if request.param == "path" else f"@{path}")) as one:
        yield one


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket that is bound and listens before any server is there."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


def test_a_manager_is_told_when_clients_are_served(serve: Serve, manager: Manager) -> None:
    server = serve(fake_engine("--load-ms", "1500"), until_loaded=False, variables={"NOTIFY_SOCKET": manager.address})
    states = manager.states()
    assert server.pool()["engines"][0]["ready"] == 0, "it loads still"
    assert states == []
    wait_until(lambda: manager.states() == ["READY=1"], "it is told")
    assert server.pool()["engines"][0]["ready"] == 1
    assert server.speak(TEXT).content == speech(TEXT)
    server.stop()
    assert manager.states() == ["READY=1", "STOPPING=1"]


def test_a_manager_is_told_of_reloads(serve: Serve, manager: Manager) -> None:
    server = serve(fake_engine(), variables={"NOTIFY_SOCKET": manager.address})
    wait_until(lambda: manager.states() == ["READY=1"], "it is ready")
    begun = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    server.reload()
    wait_until(lambda: len(manager.states()) == 3, "it is told")
    reloading, ready = manager.states()[1:]
    assert ready == "READY=1"
    fields = dict(line.split("=", 1) for line in reloading.splitlines())
    assert set(fields) == {"RELOADING", "MONOTONIC_USEC"}
    assert begun <= int(fields["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_a_reload_with_mistakes_ends_too(serve: Serve, manager: Manager) -> None:
    server = serve(fake_engine(), variables={"NOTIFY_SOCKET": manager.address})
    wait_until(lambda: manager.states() == ["READY=1"], "it is ready")
    server.configuration.write_text("engines: nonsense")
    assert server.administer("POST", "/v1/pool/reload").status_code == 400
    wait_until(lambda: len(manager.states()) == 3, "it is told")
    assert manager.states()[2] == "READY=1"


def test_signs_of_life_come_twice_as_often_as_they_have_to(serve: Serve, manager: Manager) -> None:
    limit = 0.6
    server = serve(
        fake_engine(), variables={"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": str(int(limit * 1_000_000))}
    )
    wait_until(lambda: len(manager.signs_of_life()) >= 6, "there are some", limit=10)
    moments = manager.signs_of_life()
    pauses = sorted(later - earlier for earlier, later in pairwise(moments))
    assert limit / 3 < pauses[len(pauses) // 2] < limit * 2 / 3
    server.stop()
    assert manager.signs_of_life()


def test_who_is_watched_is_somebody_else(serve: Serve, manager: Manager) -> None:
    variables = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}
    server = serve(fake_engine(), variables=variables)
    wait_until(lambda: manager.states() == ["READY=1"], "it is ready")
    server.stop()
    assert manager.signs_of_life() == []


def test_a_manager_that_does_not_listen_harms_nobody(serve: Serve, tmp_path: Path) -> None:
    server = serve(fake_engine(), variables={"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    assert server.speak(TEXT).content == speech(TEXT)
    server.reload()


HAND_OVER = """if True:
    import os, sys
    number = int(sys.argv[1])
    os.dup2(number, 3)
    if number != 3:
        os.close(number)
    os.execve(sys.argv[2], sys.argv[2:], {**os.environ, "LISTEN_PID": os.environ.get("LISTEN_PID", str(os.getpid()))})
"""
"""Becomes a program that has a descriptor as its third, and that this is said to."""


def activate(serve: Serve, listening: socket.socket, *flags: str, **variables: str) -> Server:
    """A server that is handed the socket as systemd does it."""
    number = listening.fileno()
    return serve(
        fake_engine(*flags, instances=2),
        wrapper=(sys.executable, "-c", HAND_OVER, str(number)),
        descriptors=(number,),
        variables={"LISTEN_FDS": "1", **variables},
    )


def port_of(listening: socket.socket) -> int:
    """Where it listens."""
    return int(listening.getsockname()[1])


def ask(listening: socket.socket) -> httpx.Response:
    """Has a text spoken, over a connection of its own."""
    url = f"http://127.0.0.1:{port_of(listening)}/v1/audio/speech"
    return httpx.post(url, json={"input": TEXT, "response_format": "pcm"}, timeout=30)


def test_a_socket_that_is_handed_over_is_served(serve: Serve, listening: socket.socket) -> None:
    server = activate(serve, listening)
    assert server.port == port_of(listening)
    assert ask(listening).content == speech(TEXT)


def test_a_socket_for_another_process_is_left_alone(serve: Serve, listening: socket.socket) -> None:
    server = activate(serve, listening, LISTEN_PID="1")
    assert server.port != port_of(listening)
    assert server.speak(TEXT).content == speech(TEXT)


def test_who_comes_between_two_servers_is_served_by_the_second(serve: Serve, listening: socket.socket) -> None:
    activate(serve, listening).stop()
    with ThreadPoolExecutor(5) as callers:
        answers = [callers.submit(ask, listening) for _ in range(5)]
        assert not wait(answers, timeout=0.1).done, "nobody is there to answer"
        activate(serve, listening)
        assert [answer.result().content for answer in answers] == [speech(TEXT)] * 5


def test_a_restart_loses_nobody(serve: Serve, listening: socket.socket) -> None:
    """Callers who come all the time, each over a connection of his own, are all served."""
    wanted = speech(TEXT)
    troubles: list[str] = []
    served = 0
    is_over = threading.Event()

    def call() -> None:
        nonlocal served
        while not is_over.is_set():
            try:
                answer = ask(listening)
            except httpx.HTTPError as error:
                troubles.append(repr(error))
                return
            if answer.content != wanted:
                troubles.append(answer.text)
                return
            served += 1

    first = activate(serve, listening, "--service-ms", "20")
    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            before = served
            wait_until(lambda before=before: served > before + 8 or bool(troubles), "they are served")  # type: ignore[misc]
            first.stop()
            first = activate(serve, listening, "--service-ms", "20")
        before = served
        wait_until(lambda: served > before + 8 or bool(troubles), "they are served again")
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert troubles == []


def test_who_has_connected_before_the_end_is_served(serve: Serve, listening: socket.socket) -> None:
    """What happens now and then when a server is replaced, every time: the request comes just after the signal."""
    server = activate(serve, listening)
    with connect(server) as client:
        assert ask(listening).content == speech(TEXT), "the connection before it has been accepted"
        server.process.send_signal(signal.SIGTERM)
        client.sendall(speech_request(TEXT))
        with closing(http.client.HTTPResponse(client)) as response:
            response.begin()
            assert response.read() == speech(TEXT)
    server.assert_ended_well()


def test_a_stream_ends_well_while_the_next_server_starts(serve: Serve, listening: socket.socket) -> None:
    text = "{pace:200} is how this one speaks and it takes its time"
    first = activate(serve, listening)
    response = first.call(text).response()
    audio = response.read(1)
    first.process.send_signal(signal.SIGTERM)
    activate(serve, listening)
    assert ask(listening).content == speech(TEXT), "the second one serves"
    assert first.process.poll() is None, "the first one still speaks"
    audio += response.read()
    assert listen(audio, text).whole
    first.assert_ended_well()


def test_workers_know_nothing_of_the_manager(serve: Serve, manager: Manager, listening: socket.socket) -> None:
    server = activate(
        serve,
        listening,
        NOTIFY_SOCKET=manager.address,
        WATCHDOG_USEC="60000000",
        LISTEN_FDNAMES="http",
    )
    assert {name for name in PROTOCOL if has(server.process.pid, name)} >= {"NOTIFY_SOCKET", "LISTEN_FDS"}
    assert len(server.pids()) == 2
    for worker in server.workers():
        assert not any(has(worker, name) for name in PROTOCOL)
        held = {path.readlink().name for path in Path(f"/proc/{worker}/fd").iterdir()}
        assert f"socket:[{Path(f'/proc/self/fd/{listening.fileno()}').stat().st_ino}]" not in held
    assert ask(listening).content == speech(TEXT)


def has(pid: int, variable: str) -> bool:
    """Whether a process was started with a variable."""
    return any(entry.startswith(f"{variable}=".encode()) for entry in environment_of(pid))


def test_a_socket_that_others_reach_is_not_served_without_keys(tmp_path: Path) -> None:
    """Where it listens is what counts, not what the configuration says of it."""
    configuration = write_configuration(tmp_path, [fake_engine()])
    with socket.create_server(("0.0.0.0", 0)) as everywhere:
        number = everywhere.fileno()
        command = [str(BIN / "chorus"), "serve", "--config", str(configuration)]
        server = subprocess.Popen(
            [sys.executable, "-c", HAND_OVER, str(number), *command],
            env={**clean_environment(), "LISTEN_FDS": "1"},
            pass_fds=(number,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            _, troubles = server.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            pytest.fail("it is served")
        finally:
            server.kill()
            server.communicate()
        assert server.returncode != 0
        assert "there are no API keys" in troubles
