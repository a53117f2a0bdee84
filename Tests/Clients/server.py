"""Runs `chorus serve` for a test, and sees to it that nothing of it is left."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx

Json = dict[str, Any]

REPOSITORY = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("CHORUS_BIN_DIR", REPOSITORY / ".build" / "debug"))
"""Where the programs under test are; release ones are tested with CHORUS_BIN_DIR=.build/release."""

START_LIMIT = 120.0
STOP_LIMIT = 30.0
"""Seconds that a server may take to start and to stop: wide, for debug binaries and models on a busy machine."""

_MARK = "CLIENT_TEST_MARK"


def wait_until(condition: Callable[[], bool], what: str, limit: float = 20.0) -> None:
    """Polls until the condition holds; fails with `what` after `limit` seconds."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"waited {limit:g} s in vain until {what}"
        time.sleep(0.01)


def clean_environment(mark: str = "") -> Mapping[str, str]:
    """The environment without CHORUS_… variables, which would override the configuration."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CHORUS_")} | {_MARK: mark}


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    returncode: int
    output: bytes
    stderr: str

    @property
    def stdout(self) -> str:
        """The output as text."""
        return self.output.decode()


def chorus(*arguments: str, **variables: str) -> Done:
    """Runs `chorus` to its end, with nothing on its standard input and these variables in its environment."""
    done = subprocess.run(
        [str(BIN / "chorus"), *arguments],
        env={**clean_environment(), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
    return Done(done.returncode, done.stdout, done.stderr.decode())


def fake_engine(*flags: str, instances: int = 1, name: str = "fake", **settings: object) -> Json:
    """An engine whose instances are FakeWorkers."""
    command = [str(BIN / "FakeWorker"), "--uri", "{uri}", *flags]
    return {"name": name, "command": command, "instances": instances, **settings}


def fertile_engine(instances: int = 1) -> Json:
    """An engine whose instances each start two processes that stay: one in its session, and one that leaves it."""
    script = f'sleep 1000 & setsid sleep 1000 & exec {BIN / "FakeWorker"} --uri "$0"'
    return {"name": "fertile", "command": ["/bin/sh", "-c", script, "{uri}"], "instances": instances}


def espeak_engine(instances: int = 1) -> Json:
    """The built-in engine."""
    return {"name": "espeak", "builtin": "espeak", "instances": instances}


def plain_engine(instances: int = 1) -> Json:
    """An engine made of the unmodified `wyoming` package."""
    command = [sys.executable, str(Path(__file__).with_name("plain_engine.py")), "--uri", "{uri}"]
    return {"name": "plain", "command": command, "instances": instances}


def silent_engine(name: str, voice: str) -> Json:
    """An engine that loads and answers, and whose audio is silence."""
    script = f"""if True:
        import asyncio, plain_engine, sys
        plain_engine.VOICE.name = "{voice}"
        plain_engine.sing = lambda text: bytes(960 * len(text))
        asyncio.run(plain_engine.AsyncServer.from_uri(sys.argv[1]).run(plain_engine.Singer))
    """
    env = {"PYTHONPATH": str(Path(__file__).parent)}
    return {"name": name, "command": [sys.executable, "-c", script, "{uri}"], "instances": 1, "env": env}


def write_configuration(directory: Path, engines: list[Json], **settings: object) -> Path:
    """Writes a configuration file (JSON is YAML) that listens on a free port. One that is there is replaced at once."""
    own = {
        "listen": "127.0.0.1:0",
        "admin_socket": str(directory / "admin"),
        "log": {"format": "json"},
        "state_dir": str(directory / "state"),
        # Tests say the same words again and again, and mean to have them spoken.
        "cache": {"memory": 0},
    }
    # Workers are found by the mark, and get only what they are given.
    marked = [{"pass_env": [_MARK], **engine} for engine in engines]
    configuration = {**own, "engines": marked, **settings}
    path = directory / "chorus.yaml"
    replace_file(path, json.dumps(configuration, indent=2))
    return path


class NoStartError(AssertionError):
    """A server ended before it said where it listens."""

    def __init__(self, status: int, log: str) -> None:
        """`status` is negative if a signal ended it."""
        super().__init__(f"chorus said no address and ended with {status}:\n{log}")
        self.status = status


def replace_file(path: Path, text: str) -> None:
    """Writes a file so that whoever reads it finds all of the old text or all of the new one."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text)
    new.replace(path)


class Call:
    """A request that was sent, and whose answer nobody has read yet."""

    def __init__(self, port: int, body: Json) -> None:
        """Sends it over a connection of its own."""
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._connection.request("POST", "/v1/audio/speech", json.dumps(body), {"Content-Type": "application/json"})

    def response(self) -> http.client.HTTPResponse:
        """Waits for the head of the answer."""
        return self._connection.getresponse()

    def leave(self) -> None:
        """Hangs up."""
        self._connection.close()


class Server:
    """A running `chorus serve`."""

    def __init__(
        self,
        directory: Path,
        engines: list[Json],
        *,
        until_loaded: bool = True,
        libraries: Path | None = None,
        wrapper: tuple[str, ...] = (),
        descriptors: tuple[int, ...] = (),
        variables: Mapping[str, str] | None = None,
        **settings: object,
    ) -> None:
        """Starts it, and waits until every instance of every engine is loaded unless told otherwise.

        `libraries` is a directory whose shared libraries it finds before those of the system; `wrapper` is a command
        that runs it; `descriptors` stay open in it, and `variables` are in its environment.
        """
        self.directory = directory
        self.engines = engines
        self.settings = settings
        self._has_administrator = settings.get("admin_socket") != "none"
        self.configuration = write_configuration(directory, engines, **settings)
        self.log = directory / "chorus.log"
        self._mark = uuid.uuid4().hex
        self._calls: list[Call] = []
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*wrapper, str(BIN / "chorus"), "serve", "--config", str(self.configuration)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={
                    **clean_environment(self._mark),
                    **({"LD_LIBRARY_PATH": str(libraries)} if libraries else {}),
                    **(variables or {}),
                },
                pass_fds=descriptors,
            )
        self.is_over = False
        try:
            self.url = self._read_address()
            if self._has_administrator:
                wait_until(self._can_be_administered, "the administrator's socket is there")
            if until_loaded:
                wait_until(self.is_at_full_strength, "every instance is loaded", START_LIMIT)
        except BaseException:
            self.kill()
            raise

    def _read_address(self) -> str:
        assert self.process.stdout is not None
        watchdog = threading.Timer(START_LIMIT, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stdout:
                _, found, rest = line.partition("Listening on ")
                if found:
                    return rest.split()[0].rstrip("/")
        finally:
            watchdog.cancel()
        raise NoStartError(self.process.wait(), self.log.read_text())

    def _can_be_administered(self) -> bool:
        try:
            return self.administer("GET", "/health/live").status_code == 200
        except httpx.ConnectError:
            return False

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.url.rpartition(":")[2])

    def speak(self, text: str, **fields: object) -> httpx.Response:
        """Posts a speech request for pcm, if `fields` ask for nothing else."""
        body = {"input": text, "response_format": "pcm", **fields}
        return httpx.post(f"{self.url}/v1/audio/speech", json=body, timeout=120)

    def call(self, text: str, **fields: object) -> Call:
        """Sends a speech request as `speak` does, and leaves the answer to the caller."""
        call = Call(self.port, {"input": text, "response_format": "pcm", **fields})
        self._calls.append(call)
        return call

    def administer(self, method: str, path: str, **body: object) -> httpx.Response:
        """Asks over the administrator's socket, where everything is allowed, with a body of JSON if there is one."""
        transport = httpx.HTTPTransport(uds=str(self.directory / "admin"))
        with httpx.Client(transport=transport, base_url="http://chorus", timeout=60) as client:
            return client.request(method, path, json=body or None)

    def rewrite(self, *engines: Json, **settings: object) -> None:
        """Replaces the configuration file: by one with these engines, if any are named, and with these settings anew.

        What is not named stays as it was, and a setting that is None is left out. Nobody is told.
        """
        self.engines = list(engines) or self.engines
        merged = {**self.settings, **settings}
        self.settings = {name: value for name, value in merged.items() if value is not None}
        write_configuration(self.directory, self.engines, **self.settings)

    def reload(self) -> Json:
        """Has the configuration read again, and returns what that means."""
        answer = self.administer("POST", "/v1/pool/reload")
        assert answer.status_code == 202, answer.text
        return cast(Json, answer.json())

    def pool(self) -> Json:
        """What `/v1/pool` says."""
        if self._has_administrator:
            return cast(Json, self.administer("GET", "/v1/pool").raise_for_status().json())
        return cast(Json, httpx.get(f"{self.url}/v1/pool").raise_for_status().json())

    def pids(self, engine: str = "fake") -> set[int]:
        """The processes of an engine's instances."""
        return {one["pid"] for one in self.instances() if one["engine"] == engine and one.get("pid")}

    def has_logged(self, words: str) -> bool:
        """Whether a line of the log so far has these words in it."""
        return words in self.log.read_text()

    def instances(self) -> list[Json]:
        """The instances of the pool."""
        return cast(list[Json], self.pool()["instances"])

    def restarts(self) -> int:
        """How many workers have been replaced so far."""
        return sum(instance["restarts"] for instance in self.instances())

    def jobs_done(self) -> int:
        """How many jobs ended well."""
        return sum(instance["jobs_done"] for instance in self.instances())

    def queued(self) -> int:
        """How many jobs wait."""
        return cast(int, self.pool()["queue"]["jobs"])

    def is_at_full_strength(self) -> bool:
        """Whether every instance that is wanted serves."""
        return all(engine["ready"] == engine["instances"] for engine in self.pool()["engines"])

    def is_idle(self) -> bool:
        """Whether every instance that is there waits for work."""
        return self.queued() == 0 and all(one["state"] in ("ready", "vacant") for one in self.instances())

    def is_busy(self) -> bool:
        """Whether every instance works."""
        return all(instance["state"] == "busy" for instance in self.instances())

    def processes(self) -> set[int]:
        """The living processes of this server: its own, its guardian, its workers, and theirs."""
        entry = f"{_MARK}={self._mark}".encode()
        return {pid for pid in _all_processes() if entry in environment_of(pid)}

    def guardian(self) -> int | None:
        """The process that ends the workers and all that is theirs when the server is killed."""
        named = (pid for pid in self.processes() if name_of(pid) == "chorus-guardian")
        return next(named, None)

    def workers(self) -> set[int]:
        """The living processes of its workers, and theirs."""
        return self.processes() - {self.process.pid, self.guardian()}

    def stop(self) -> None:
        """Hangs up every call, asks it to end as an administrator does, and checks that it ends well."""
        self._hang_up()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.assert_ended_well()

    def assert_ended_well(self) -> None:
        """Waits for its end: exit code 0, and no process left."""
        try:
            assert self.process.wait(STOP_LIMIT) == 0, f"chorus ended badly:\n{self.log.read_text()}"
            assert self.processes() == set(), "chorus left processes behind"
        finally:
            self.kill()

    def kill(self) -> None:
        """Ends it at once, if it still runs."""
        self.is_over = True
        self._hang_up()
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _hang_up(self) -> None:
        for call in self._calls:
            call.leave()


def name_of(pid: int) -> str:
    """What a process calls itself; nothing when it has gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _all_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def environment_of(pid: int) -> list[bytes]:
    """The variables that a process was started with; nothing when it has gone."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return []
