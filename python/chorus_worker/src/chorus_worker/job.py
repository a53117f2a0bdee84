"""What an engine is given to do."""

from __future__ import annotations

import time
from collections.abc import Mapping

from chorus_worker.failures import shortened
from chorus_worker.frames import user_event
from chorus_worker.values import JSON
from chorus_worker.work import Send, Work, discard

MAX_NOTE_BYTES = 1024
"""Longer notes are cut."""

MAX_SHOWN = 100
"""Of what is not spoken, the characters that a note shows."""

PROGRESS_INTERVAL = 1.0
"""Seconds, at least, between two progress events of a job."""


class Job(Work):
    """A text to speak. `Job("Hello")` is a whole one, for an engine's own tests."""

    def __init__(
        self,
        text: str,
        *,
        voice: str | None = None,
        speaker: Mapping[str, JSON] | None = None,
        seed: int | None = None,
        options: Mapping[str, JSON] | None = None,
        deadline: float | None = None,
        send: Send = discard,
    ) -> None:
        """Jobs are made by the SDK; `send` takes events for the gateway, on the working thread."""
        super().__init__(send, deadline)
        self.text = text
        self.voice = voice
        """A name of `voices()`, or None: the engine chooses."""
        self.speaker = speaker
        """What `make_voice` returned once, on this or any other instance. It goes before `voice`."""
        self.seed = seed
        """From 0 to 2^32 - 1, or None: the engine chooses."""
        self.options: Mapping[str, JSON] = options or {}
        """The engine's own options, as the caller wrote them: check their types and ranges, raise `BadRequest`."""
        self._steps = 0
        self._told = time.monotonic()

    def no_effect(self, name: str, reason: str) -> None:
        """Notes that something which the caller asked for, an option by its name, changes nothing."""
        self.note(f"`{name}` has no effect: {reason}.")

    def not_spoken(self, left_out: str) -> None:
        """Notes what of the text is not spoken: how many characters, and the first of them."""
        count = sum(not character.isspace() for character in left_out)
        if count:
            shown = left_out if len(left_out) <= MAX_SHOWN else f"{left_out[:MAX_SHOWN]}…"
            self.note(f"Not spoken, {count} character{'s' if count > 1 else ''}: {shown}")

    def progress(self) -> None:
        """Says that the work has moved. Call it at every step, on the thread that takes it; it costs next to nothing.

        What is yielded counts as movement, too. Chorus is told at most once a second. It takes a process for hung, and
        ends it, whose job has not moved for three times as long as it expected the whole job to take, and at least 5 s.
        So call it where the work is done and nowhere else: a timer would say that a job moves that stands still.
        """
        self.moved()
        self._steps += 1
        now = time.monotonic()
        if now - self._told >= PROGRESS_INTERVAL:
            self._told = now
            self.send(user_event("chorus.progress", {"steps": self._steps}))

    def note(self, text: str) -> None:
        """Sends a remark for the client, such as what was dropped from its text; at most 1 KiB of UTF-8.

        Call it on the working thread. Before the first audio it can still travel in the head of an HTTP response.
        """
        self.send(user_event("chorus.note", {"text": shortened(text, MAX_NOTE_BYTES)}))
