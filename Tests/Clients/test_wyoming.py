"""The unmodified `wyoming` package on both sides: as an engine of Chorus, and as a client of our espeak worker."""

import asyncio
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeVoice

from audio import espeak
from conftest import Serve
from plain_engine import sing
from server import BIN, clean_environment, plain_engine, wait_until
from texts import SENTENCE


def test_any_wyoming_service_is_an_engine(serve: Serve) -> None:
    server = serve(plain_engine(instances=2))
    texts = [f"Verse {n} of the song" for n in range(20)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(server.speak, texts))
    assert [answer.content for answer in answers] == [sing(text) for text in texts]


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[str]:
    """The address of a running `chorus-espeak`."""
    socket = tmp_path / "espeak.sock"
    process = subprocess.Popen([str(BIN / "chorus-espeak"), "--uri", f"unix://{socket}"], env=clean_environment())
    try:
        wait_until(socket.is_socket, "chorus-espeak listens")
        yield f"unix://{socket}"
    finally:
        process.kill()
        process.wait()


async def synthesize(client: AsyncClient, text: str, voice: str) -> tuple[AudioStart, bytes]:
    """One job, from its request to its end."""
    await client.write_event(Synthesize(text, SynthesizeVoice(voice)).event())
    event = await client.read_event()
    assert event is not None
    start, audio = AudioStart.from_event(event), b""
    while True:
        event = await client.read_event()
        assert event is not None
        if AudioStop.is_type(event.type):
            return start, audio
        chunk = AudioChunk.from_event(event)
        assert (chunk.rate, chunk.width, chunk.channels) == (start.rate, start.width, start.channels)
        audio += chunk.audio


async def talk(uri: str) -> tuple[Info, list[tuple[AudioStart, bytes]]]:
    """Asks the worker who it is, then for two jobs, over one connection."""
    async with AsyncClient.from_uri(uri, connect_timeout=10, read_timeout=10) as client:
        await client.write_event(Describe().event())
        event = await client.read_event()
        assert event is not None
        return Info.from_event(event), [await synthesize(client, SENTENCE, "en-us") for _ in range(2)]


def test_our_worker_serves_any_wyoming_client(worker: str) -> None:
    info, (first, second) = asyncio.run(talk(worker))
    voices = {voice.name: voice.languages for program in info.tts for voice in program.voices}
    assert "en-us" in voices["en-us"]
    assert "cmn" in voices
    expected, rate = espeak(SENTENCE, "en-us")
    for start, _ in (first, second):
        assert (start.rate, start.width, start.channels) == (rate, 2, 1)
    assert first[1] == expected, "it is what the program makes, sample for sample"
    assert second[1] == expected, "one job leaves nothing behind for the next"
