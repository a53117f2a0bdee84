"""The Nth call of a kind that the server makes to the system or to libav fails, for every kind and every N.

It costs one answer at the most, which then says that it is none, and nothing of it remains.
"""

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from audio import decode, seconds
from fake_voice import listen, speech
from server import BIN, NoStartError, Server, fake_engine, wait_until

Answer = TypeVar("Answer")

FAILURES = {
    "spawn": 1,
    "pipe": 1,
    "socket": 1,
    "connect": 1,
    "write": 1,
    "read": 1,
    "output": 1,
    "accept": 1,
    "answer": 1,
    "hear": 1,
    "disk": 1,
    "encode": 1,
    "timer": 0,
}
"""What may fail, as `Tests/FaultyIO` explains it, and how many answers that may cost."""

MOST = 40
"""If there are more calls of a kind in a life, so many of them fail, evenly spread from the first to the last."""

AT_ONCE = 2
"""Servers that live at the same time."""

RECOVERY_LIMIT = 20.0
"""Seconds until every instance serves: what a restart takes on a busy machine."""

ANSWER_LIMIT = 30.0
"""Seconds that an answer may take, or a part of it."""

SHORT = "One segment."
LONG = " ".join(f"This is number {n} of several sentences, none of them short." for n in range(3))


class RefusalError(Exception):
    """An answer that says that it is none."""


class Life:
    """A server from its start to its end, in which a call fails."""

    def __init__(self, directory: Path, kind: str, number: int) -> None:
        """The call of that kind with that number fails, counted from 1; none if it is 0."""
        directory.mkdir()
        self._directory = directory
        self._count = directory / "count"
        self._count.write_bytes(bytes(8))
        self.fault = f"{kind}:{number}:{self._count}"
        self.answers: dict[str, bytes | None] = {}
        """What was asked, and the whole answers; None for those that came to nothing."""
        self.refusals: list[str] = []
        """What was said instead of an answer."""

    def calls(self) -> int:
        """The calls of the kind so far."""
        return int.from_bytes(self._count.read_bytes(), "little")

    def run(self) -> "Life":
        """Lives it."""
        environment = {"LD_PRELOAD": str(BIN / "libFaultyIO.so"), "FAULTY_IO": self.fault}
        try:
            # Calls for an administrator are none of those that are counted.
            server = Server(
                self._directory,
                [fake_engine(instances=2)],
                until_loaded=False,
                variables=environment,
                admin_socket="none",
            )
        except NoStartError as end:
            if end.status != 1 or "Error: " not in str(end):
                raise
            self.refusals.append(str(end))
            return self
        try:
            with httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=ANSWER_LIMIT) as client:
                self._talk(server, client)
            server.stop()
        finally:
            server.kill()
        return self

    def _talk(self, server: Server, client: httpx.Client) -> None:
        scenarios: dict[str, Callable[[], bytes]] = {
            "short": lambda: speak(server, client, input=SHORT),
            "mp3": lambda: speak(server, client, input=SHORT, response_format="mp3"),
            "long": lambda: speak(server, client, input=LONG),
            "events": lambda: audio_of_events(speak(server, client, input=SHORT, stream_format="sse")),
            "voice": lambda: make_voice(server, client),
        }
        self._wait_until_whole(server)
        for asked, ask in scenarios.items():
            self.answers[asked] = self._ask(ask)
        self._wait_until_whole(server)
        self.answers["later"] = self._ask(lambda: speak(server, client, input=SHORT))
        self.answers["live"] = self._ask(lambda: read(client.get(f"{server.url}/health/live")))
        voices = self._ask(lambda: read(client.get(f"{server.url}/v1/audio/voices")))
        if self.answers["voice"] is None and voices is not None and b"anna" not in voices:
            # What is not there can be made.
            make_voice(server, client)

    def _wait_until_whole(self, server: Server) -> None:
        wait_until(lambda: self._ask(server.is_at_full_strength) or False, "every instance serves", RECOVERY_LIMIT)

    def _ask(self, ask: Callable[[], Answer]) -> Answer | None:
        try:
            return ask()
        except (RefusalError, httpx.TransportError) as refusal:
            self.refusals.append(repr(refusal))
            return None


def read(response: httpx.Response) -> bytes:
    """A whole answer: httpx takes care of those that break off."""
    if response.status_code >= 500:
        error = response.json()["error"]
        assert error["type"] == "server_error"
        assert error["code"]
        raise RefusalError(error["message"])
    return response.raise_for_status().content


def speak(server: Server, client: httpx.Client, **body: str) -> bytes:
    """Asks for speech, as pcm if nothing else is said."""
    return read(client.post(f"{server.url}/v1/audio/speech", json={"response_format": "pcm", **body}))


def audio_of_events(text: bytes) -> bytes:
    """The audio in server-sent events, which have to come to an end of their own."""
    *pieces, last = [json.loads(line.removeprefix("data: ")) for line in text.decode().splitlines() if line]
    if last["type"] == "error":
        raise RefusalError(last["error"]["message"])
    assert last["type"] == "speech.audio.done"
    return b"".join(base64.b64decode(piece["audio"]) for piece in pieces)


def make_voice(server: Server, client: httpx.Client) -> bytes:
    """Makes a voice, and says its name."""
    answer = read(client.post(f"{server.url}/v1/audio/voices", json={"name": "anna", "seed": 4099}))
    return str(json.loads(answer)["name"]).encode()


def trouble(life: Life, plain: Life, may_cost: int) -> str | None:
    """Lives a life and says what is wrong with it, measured by one in which nothing failed."""
    try:
        life.run()
        assert len(life.refusals) <= may_cost, "it cost too much"
        for asked, answer in life.answers.items():
            assert answer in (None, plain.answers[asked]), f"the answer to '{asked}' is neither whole nor a refusal"
    except Exception as error:
        return f"{life.fault}: {error!r} {life.refusals}"
    return None


@pytest.mark.parametrize("kind", FAILURES)
def test_a_call_that_fails_costs_one_answer_at_the_most(tmp_path: Path, kind: str) -> None:
    plain = Life(tmp_path / "0", kind, 0).run()
    assert plain.refusals == []
    assert plain.answers["short"] == plain.answers["events"] == plain.answers["later"] == speech(SHORT)
    heard = listen(plain.answers["long"] or b"", LONG)
    assert (len(heard.segments), heard.whole) == (3, True)
    assert seconds(decode(plain.answers["mp3"] or b"", "mp3")) == pytest.approx(seconds(speech(SHORT)), abs=0.15)

    calls = plain.calls()
    numbers = sorted({1 + index * (calls - 1) // (MOST - 1) for index in range(MOST)})
    lives = [Life(tmp_path / str(number), kind, number) for number in numbers]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        ends = threads.map(lambda life: trouble(life, plain, FAILURES[kind]), lives)
        assert [end for end in ends if end] == []
