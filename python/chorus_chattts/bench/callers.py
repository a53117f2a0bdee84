"""Callers who all want something at once, and somebody who asks meanwhile whether the server is well."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import numpy as np

from asking import get
from workbench import PATIENCE, in_parallel

PROBE_INTERVAL = 0.1
"""Seconds between two questions after the server's health."""

TOLERANCE = 1
"""Steps of a 16-bit sample by which an answer may differ from what was expected."""

SAMPLE_RATE = 24_000


@dataclass(frozen=True)
class Question:
    """What one caller wants to hear, again and again."""

    text: str
    voice: int
    """Seed of the speaker."""
    seed: int
    tokens: int


QUESTIONS = (
    ("今天的天气非常好所以我们去公园散步。", 1, 11),
    ("四川美食确实有不少不辣的选择。", 2, 22),
    ("请把窗户关上因为外面的声音太大了。", 3, 33),
    ("他每天早上跑步以后才坐下来吃早饭。", 4, 44),
)
"""Text, voice and seed of each of four callers. Without a comma a gateway has no reason to cut them in two."""

Ask = Callable[[Question, float], tuple[int, bytes]]
"""Asks a server and returns status and body; raises OSError when it takes longer than a number of seconds."""


@dataclass(frozen=True)
class Outcome:
    """What became of the requests."""

    right: int
    wrong: int
    """Answered with other sound than the caller's."""
    failed: int
    """Answered with an error, or not at all within the limit."""
    waits: Sequence[float]
    """Seconds of those that were answered with sound, in ascending order."""
    seconds: float
    """From the first request to the last answer."""
    audio_seconds: float
    """Of right answers."""
    slowest_health: float
    """Seconds until the slowest answer to a question after the server's health."""

    def percentile(self, share: float) -> float:
        """The wait that the given share of requests does not exceed; the limit if nobody was answered."""
        return self.waits[min(len(self.waits) - 1, int(share * len(self.waits)))] if self.waits else self.seconds


def differ(answer: bytes, expected: bytes) -> bool:
    """Whether sound is not what it should be."""
    return len(answer) != len(expected) or largest_difference(answer, expected) > TOLERANCE


def largest_difference(one: bytes, other: bytes) -> int:
    """In steps of a 16-bit sample; infinitely many (65536) when the lengths differ."""
    if len(one) != len(other):
        return 1 << 16
    samples = (np.frombuffer(pcm, "<i2").astype(int) for pcm in (one, other))
    return int(np.abs(np.subtract(*samples)).max(initial=0))


def call(ask: Ask, expected: dict[Question, bytes], *, requests: int, limit: float, port: int, health: str) -> Outcome:
    """Each question is asked by a caller of its own, `requests` times in a row, within `limit` seconds in all."""
    start = time.perf_counter()
    end = start + limit

    def caller(question: Question) -> list[tuple[float, bytes | None]]:
        return [_timed(ask, question, end) for _ in range(requests)]

    with _Probe(port, health) as probe:
        answers = in_parallel([partial(caller, question) for question in expected])
        seconds = time.perf_counter() - start
    heard = [
        (wait, not differ(body, right), len(body) / 2 / SAMPLE_RATE)
        for right, of_caller in zip(expected.values(), answers, strict=True)
        for wait, body in of_caller
        if body is not None
    ]
    return Outcome(
        right=sum(is_right for _, is_right, _ in heard),
        wrong=sum(not is_right for _, is_right, _ in heard),
        failed=len(expected) * requests - len(heard),
        waits=sorted(wait for wait, _, _ in heard),
        seconds=seconds,
        audio_seconds=sum(length for _, is_right, length in heard if is_right),
        slowest_health=probe.slowest,
    )


def _timed(ask: Ask, question: Question, end: float) -> tuple[float, bytes | None]:
    start = time.perf_counter()
    try:
        status, body = ask(question, max(0.001, end - start))
    except OSError:
        return time.perf_counter() - start, None
    return time.perf_counter() - start, body if status == 200 else None


class _Probe:
    """Asks after the server's health while the `with` lasts."""

    def __init__(self, port: int, path: str) -> None:
        self.slowest = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(port, path), daemon=True)

    def __enter__(self) -> "_Probe":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self, port: int, path: str) -> None:
        while not self._over.wait(PROBE_INTERVAL):
            start = time.perf_counter()
            with suppress(OSError):
                get(port, path, PATIENCE)
            self.slowest = max(self.slowest, time.perf_counter() - start)
