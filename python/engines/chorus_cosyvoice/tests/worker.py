"""A worker process over the stand-in, and conversations with it through the unmodified `wyoming` client."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
from wyoming.audio import AudioChunk
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeVoice
from wyoming.user_event import UserEvent

import chorus_cosyvoice
import chorus_worker

STANDIN = Path(__file__).with_name("standin")
PATIENCE = 30.0
"""Seconds to wait for what should happen at once: wide, for a busy machine."""


def command(*flags: str, standin: bool = True) -> dict[str, Any]:
    """How `subprocess` starts `python -m chorus_cosyvoice`."""
    places = [Path(package.__file__ or "").parents[1] for package in (chorus_worker, chorus_cosyvoice)]
    places += [STANDIN] if standin else []
    foreign = ("CHORUS_", "COSYVOICE_", "CUDA_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment = {**kept, "PYTHONPATH": os.pathsep.join(map(str, places))}
    return {"args": [sys.executable, "-m", "chorus_cosyvoice", *flags], "env": environment, "cwd": STANDIN.parent}


class Worker:
    """A running worker; used in a `with`, at whose end it is killed."""

    def __init__(self, directory: Path, model: Path, *flags: str, name: str = "worker") -> None:
        """Starts it; recordings are in `directory/voices`."""
        self.uri = f"unix://{directory}/{name}.sock"
        start = command("--uri", self.uri, "--model", str(model), "--voices", str(directory / "voices"), *flags)
        self.process = subprocess.Popen(**start, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.lines: list[dict[str, Any]] = []
        self._is_over = False
        self._news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> "Worker":
        """Waits until it listens."""
        self.wait_for(lambda line: "Listening" in line.get("message", ""))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leaves nothing behind."""
        self.process.kill()
        self.process.wait()

    def wait_for(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The newest line of JSON, of its log or of the stand-in, that is it. Fails if none comes."""
        with self._news:
            self._news.wait_for(lambda: any(map(is_it, self.lines)) or self._is_over, PATIENCE)
            found = [line for line in self.lines if is_it(line)]
            assert found, f"it did not write that, but: {self.lines}"
            return found[-1]

    def call(self, text: str) -> dict[str, Any]:
        """The newest call of an `inference_…` with this text."""
        return self.wait_for(lambda line: line.get("text") == text)

    def client(self) -> AsyncClient:
        """A connection to it."""
        return AsyncClient.from_uri(self.uri, connect_timeout=PATIENCE, read_timeout=PATIENCE)

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for line in stream:
                parsed = json.loads(line) if line.startswith(b"{") else {"message": line.decode()}
                with self._news:
                    self.lines.append(parsed)
                    self._news.notify_all()
        with self._news:
            self._is_over = True
            self._news.notify_all()


class Answer:
    """All that came for a job."""

    def __init__(self, events: list[Event]) -> None:
        """`events`, up to the last."""
        self.names = [event.type for event in events]
        self.chunks = [AudioChunk.from_event(event) for event in events if AudioChunk.is_type(event.type)]
        told = [event.data for event in events if UserEvent.is_type(event.type)]
        self.notes = [data["data"]["text"] for data in told if data["name"] == "chorus.note"]
        self.speaker = next((data["data"]["speaker"] for data in told if data["name"] == "chorus.voice"), None)
        self.error = Error.from_event(events[-1]) if Error.is_type(events[-1].type) else None

    @property
    def samples(self) -> npt.NDArray[np.float64]:
        """The audio, -1 to 1."""
        assert self.error is None, self.error
        return np.frombuffer(b"".join(chunk.audio for chunk in self.chunks), "<i2") / 32767


async def read_until(client: AsyncClient, *names: str) -> Answer:
    """Everything up to an event of one of these types, or names of user events."""
    events: list[Event] = []
    while not events or {events[-1].type, events[-1].data.get("name")}.isdisjoint(names):
        event = await client.read_event()
        assert event is not None, "the worker hung up"
        events.append(event)
    return Answer(events)


async def ask(client: AsyncClient, text: str, voice: str | None = None, **context: Any) -> None:
    """Sends a job."""
    chosen = None if voice is None else SynthesizeVoice(voice)
    await client.write_event(Synthesize(text, chosen, context=context or None).event())


async def speak(client: AsyncClient, text: str, voice: str | None = None, **context: Any) -> Answer:
    """A job, from its request to its end."""
    await ask(client, text, voice, **context)
    return await read_until(client, "audio-stop", "error")


async def cancel(client: AsyncClient) -> Answer:
    """Says that the job is no longer wanted, and waits for its end."""
    await client.write_event(UserEvent("chorus.cancel").event())
    return await read_until(client, "audio-stop", "error")


async def make_voice(client: AsyncClient, recording: bytes | None, **data: Any) -> Answer:
    """Orders a voice."""
    event = UserEvent("chorus.voice", data).event()
    await client.write_event(Event(event.type, event.data, recording))
    return await read_until(client, "chorus.voice", "error")
