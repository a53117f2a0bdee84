"""Instances of the engine without a gateway: worker processes, and a slot of one."""

import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from wyoming.audio import AudioChunk
from wyoming.error import Error
from wyoming.event import Event, read_event, write_event
from wyoming.info import Describe
from wyoming.tts import Synthesize, SynthesizeVoice

from child import Child
from workbench import PATIENCE, BenchError, Workbench

CONNECT_INTERVAL = 0.002
"""Seconds between two tries to connect to a worker that does not listen yet."""

THREADS = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
"""What Chorus gives an instance of its own core."""


@dataclass(frozen=True)
class Speech:
    """What came for a job, and when."""

    pcm: bytes
    first: float
    """Seconds until the first sound."""
    total: float
    """Seconds until the end."""
    notes: tuple[str, ...]


class Slot:
    """A connection to an instance, as Chorus has one."""

    def __init__(self, path: Path, still_wanted: Callable[[], None]) -> None:
        """Connects as soon as the worker listens, and asks what it is. `still_wanted` raises if it died."""
        self._socket = _connected(path, still_wanted)
        self._stream = cast(BinaryIO, self._socket.makefile("rwb"))
        write_event(Describe().event(), self._stream)
        while self._read().type != "info":
            pass

    def speak(self, text: str, *, voice: str = "speaker-1", limit: float = PATIENCE, **context: Any) -> Speech:
        """Has a text spoken. `limit` is how long each event may take to come.

        Raises:
            TimeoutError: an event took longer. The slot cannot be used any more.
        """
        self._socket.settimeout(limit)
        pcm, notes, first = bytearray(), [], 0.0
        start = time.perf_counter()
        write_event(Synthesize(text, SynthesizeVoice(voice), context=context).event(), self._stream)
        while (event := self._read()).type != "audio-stop":
            if AudioChunk.is_type(event.type):
                first = first or time.perf_counter() - start
                pcm += event.payload or b""
            elif event.data.get("name") == "chorus.note":
                notes.append(event.data["data"]["text"])
            elif Error.is_type(event.type):
                raise BenchError(f"the engine answered: {json.dumps(event.data)}")
        return Speech(bytes(pcm), first, time.perf_counter() - start, tuple(notes))

    def close(self) -> None:
        """Hangs up."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _read(self) -> Event:
        event = read_event(self._stream)
        if event is None:
            raise BenchError("the worker hung up")
        return event


def _connected(path: Path, still_wanted: Callable[[], None]) -> socket.socket:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        try:
            connection.connect(str(path))
            return connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
        still_wanted()
        time.sleep(CONNECT_INTERVAL)
    raise BenchError(f"no worker listened at {path} for {PATIENCE:g} s")


def start_alone(workbench: Workbench, name: str, program: list[str] | None = None) -> tuple[Child, Callable[[], Slot]]:
    """A worker process of its own with one thread, started in the plain way. Also returns what connects to it."""
    path = workbench.directory / f"{name}.sock"
    command = [*(program or workbench.worker_command()), "--uri", f"unix://{path}", "--device", "cpu"]
    child = Child(command, workbench.directory / f"{name}.log", environment=THREADS)
    return child, lambda: Slot(path, child.check)
