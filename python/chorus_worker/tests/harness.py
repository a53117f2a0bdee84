"""Worker processes for the tests, and conversations with them through the unmodified `wyoming` client."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from wyoming.audio import AudioChunk, AudioStart
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeVoice
from wyoming.user_event import UserEvent

import chorus_worker

HERE = Path(__file__).parent
SCRIPTED = HERE / "scripted_engine.py"
PATIENCE = 30.0
"""Seconds to wait for what should happen at once: wide, for a busy machine."""


def environment(**variables: str) -> Mapping[str, str]:
    """Ours without what Chorus would say, and with the package under test."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("CHORUS_", "OMP_"))}
    return {**ours, "PYTHONPATH": str(Path(chorus_worker.__file__).parents[1]), **variables}


class Lines:
    """What a process writes, line by line, as it comes."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Reads until the stream's end, on a thread."""
        self._seen: list[str] = []
        self._is_over = False
        self._news = threading.Condition()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def wait_for(self, text: str) -> str:
        """The first line that has the text in it. Fails if none comes."""
        with self._news:
            self._news.wait_for(lambda: self._find(text) is not None or self._is_over, PATIENCE)
            line = self._find(text)
            assert line is not None, f"{text!r} was not written, but: {self._seen}"
            return line

    def all(self) -> list[str]:
        """Every line, when the stream has ended."""
        with self._news:
            assert self._news.wait_for(lambda: self._is_over, PATIENCE)
            return self._seen

    def _find(self, text: str) -> str | None:
        return next((line for line in self._seen if text in line), None)

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                with self._news:
                    self._seen.append(line.decode().rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            self._is_over = True
            self._news.notify_all()


class WorkerProcess:
    """A running worker; used in a `with`, at whose end it is killed if it still runs."""

    def __init__(self, directory: Path, *flags: str, engine: Path = SCRIPTED, uri: str = "", **variables: str) -> None:
        """Starts it, and does not wait."""
        self.uri = uri or f"unix://{directory}/worker.sock"
        self.process = subprocess.Popen(
            [sys.executable, str(engine), "--uri", self.uri, *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(**variables),
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.output, self.log = Lines(self.process.stdout), Lines(self.process.stderr)

    def __enter__(self) -> WorkerProcess:
        """Waits until it listens."""
        self.uri = json.loads(self.log.wait_for("Listening at"))["message"].removeprefix("Listening at ")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leaves nothing behind."""
        self.process.kill()
        self.process.wait()

    def client(self) -> AsyncClient:
        """A connection to it."""
        return AsyncClient.from_uri(self.uri, connect_timeout=PATIENCE, read_timeout=PATIENCE)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends a signal, and waits for its end. Returns its status, negative for a signal."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@dataclass
class Answer:
    """All that came for a job."""

    events: list[Event] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The events' types in order, or names where they are user events, without repetitions and memory reports."""
        names = [event.data["name"] if UserEvent.is_type(event.type) else event.type for event in self.events]
        names = [name for name in names if name != "chorus.memory"]
        return [name for at, name in enumerate(names) if at == 0 or name != names[at - 1]]

    @property
    def start(self) -> AudioStart:
        """How the audio is."""
        return next(AudioStart.from_event(event) for event in self.events if AudioStart.is_type(event.type))

    @property
    def chunks(self) -> list[bytes]:
        """The audio."""
        return [AudioChunk.from_event(event).audio for event in self.events if AudioChunk.is_type(event.type)]

    @property
    def notes(self) -> list[str]:
        """The remarks."""
        return [event.data["data"]["text"] for event in self.events if event.data.get("name") == "chorus.note"]

    @property
    def error(self) -> tuple[str, str]:
        """Code and text of the error that it ended with."""
        error = Error.from_event(self.events[-1])
        return error.code or "", error.text


async def read(client: AsyncClient) -> Event:
    """The next event, which there must be."""
    event = await client.read_event()
    assert event is not None, "the worker hung up"
    return event


async def read_until(client: AsyncClient, *names: str) -> Answer:
    """Everything up to an event of one of these types, or names of user events."""
    answer = Answer()
    while True:
        answer.events.append(await read(client))
        if not {answer.events[-1].type, answer.events[-1].data.get("name")}.isdisjoint(names):
            return answer


async def ask(client: AsyncClient, text: str, voice: str | None = None, **context: Any) -> None:
    """Sends a job."""
    chosen = None if voice is None else SynthesizeVoice(voice)
    await client.write_event(Synthesize(text, chosen, context=context or None).event())


async def speak(client: AsyncClient, text: str, voice: str | None = None, **context: Any) -> Answer:
    """A job, from its request to its end."""
    await ask(client, text, voice, **context)
    return await read_until(client, "audio-stop", "error")


async def cancel(client: AsyncClient) -> None:
    """Says that the job is no longer wanted."""
    await client.write_event(UserEvent("chorus.cancel").event())
