"""The servers that are compared, and what they use."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_INET, AF_UNIX

from load import PeerError

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
START_SECONDS = 60.0


class Server:
    """A process with all that it starts."""

    def __init__(
        self, name: str, command: list[str], variables: Mapping[str, str], log: Path, address: str | int
    ) -> None:
        """Starts it. Its output goes to a file; `address` is the path or the port at which it will serve."""
        self.name = name
        self.address = address
        self._log = log
        with log.open("wb") as output:
            environment = {**os.environ, **variables}
            self._process = subprocess.Popen(command, stdout=output, stderr=output, cwd=HERE, env=environment)

    def wait_until_ready(self) -> None:
        """Until it serves."""
        end = time.monotonic() + START_SECONDS
        while not (_answers(self.address) and self.is_loaded()):
            if self._process.poll() is not None or time.monotonic() > end:
                raise PeerError(f"{self.name} does not start:\n{self._log.read_text()}")
            time.sleep(0.05)

    def is_loaded(self) -> bool:
        """Whether all of it serves, once it listens."""
        return True

    def cpu_by_process(self) -> dict[int, float]:
        """Processor seconds of each living process."""
        used, parents = {}, {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (fields := _stat(entry)):
                parents[int(entry.name)] = int(fields[1])
                used[int(entry.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        family = {self._process.pid}
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        return {pid: used[pid] for pid in family if pid in used}

    @property
    def pid(self) -> int:
        """Its first process."""
        return self._process.pid

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Gateway(Server):
    """Chorus, which listens before its engines are loaded."""

    def is_loaded(self) -> bool:
        """Whether every instance is."""
        with closing(HTTPConnection("127.0.0.1", int(self.address), timeout=START_SECONDS)) as connection:
            connection.request("GET", "/v1/pool")
            (engine,) = json.load(connection.getresponse())["engines"]
            return bool(engine["ready"] == engine["instances"])


def _stat(process: Path) -> list[str] | None:
    """The fields of proc(5) from the third on, if it is still there."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _answers(address: str | int) -> bool:
    family, where = (AF_UNIX, address) if isinstance(address, str) else (AF_INET, ("127.0.0.1", address))
    with closing(socket.socket(family)) as one:
        return one.connect_ex(where) == 0


def free_port() -> int:
    """A port that nobody listens on just now."""
    with closing(socket.create_server(("127.0.0.1", 0))) as one:
        return int(one.getsockname()[1])


def _variables(service_seconds: float) -> dict[str, str]:
    paths = f"{HERE}:{REPOSITORY / 'python/chorus_worker/src'}"
    return {"PEERS_SERVICE_SECONDS": str(service_seconds), "PYTHONPATH": paths}


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """A server from when it listens until it is stopped."""
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


def chorus(program: Path, directory: Path, port: int, instances: int, service_seconds: float) -> Server:
    """Chorus over so many instances."""
    command = [sys.executable, "chorus_engine.py", "--uri", "{uri}", "--device", "{device}"]
    variables = _variables(service_seconds)
    engine = {"name": "peer", "command": command, "instances": instances, "env": variables}
    configuration = {
        "listen": f"127.0.0.1:{port}",
        "engines": [engine],
        "cache": {"memory": 0},
        "state_dir": str(directory / "state"),
    }
    file = directory / "chorus.yaml"
    file.write_text(json.dumps(configuration))
    return Gateway("Chorus", [str(program), "serve", "--config", str(file)], {}, directory / "chorus.log", port)


def gunicorn(directory: Path, port: int, instances: int, service_seconds: float) -> Server:
    """Flask under gunicorn with as many processes, each of which does one thing at a time.

    Workers of kind `gthread` keep connections open, which is cheaper, but take them while they are busy. So where jobs
    take long they are of kind `sync`, which take one when they are free.
    """
    kind = ["sync"] if service_seconds > 0 else ["gthread", "--threads", "1"]
    flags = ["--worker-class", *kind, "--workers", str(instances), "--bind", f"127.0.0.1:{port}"]
    command = [sys.executable, "-m", "gunicorn", *flags, "flask_engine:app"]
    return Server("gunicorn", command, _variables(service_seconds), directory / "gunicorn.log", port)


def worker(directory: Path, path: str) -> Server:
    """An instance of the engine on Chorus's SDK, without Chorus."""
    command = [sys.executable, "chorus_engine.py", "--uri", f"unix://{path}"]
    return Server("the SDK", command, _variables(0), directory / "worker.log", path)
