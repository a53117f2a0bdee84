"""Those who call: each says one text after another, and checks every sample that he gets."""

import base64
import http.client
import json
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from fake_voice import SAMPLES_PER_SCALAR, listen
from plan import TEXT_FAULTS, Fault, directive
from record import Record

CALLERS = 12
PATIENCE = 60.0
"""Seconds after which a call that was not answered counts as unanswered."""
PAUSE = 0.2, 1.0
"""Seconds between two calls of a caller, at least and at most."""
LEAVE_BEFORE = 0.3
"""The share of those who leave that do so before the answer has begun."""
LEAVE_WITHIN = 40_000
"""Bytes of an answer within which the others leave."""
SLOW_PIECE = 4096
SLOW_PAUSE = 0.1
SLOW_FOR = 8.0
"""A slow reader takes so many bytes, waits so long, and reads on at once when he has been slow for so many seconds."""
WAV_FILL = 4096
"""Bytes to a multiple of which a wav of unknown length is filled up with silence."""

_WORDS = ["sun", "moon", "river", "stone", "window", "paper", "garden", "winter", "music", "silver"]
"""Letters only, as in names, so that the pool can tell by the length of a text whether some of its audio is missing: it
expects a digit, or 水, to take as long as four letters, and the FakeWorker does not do so."""
_PRIORITIES = ["interactive", "default", "default", "bulk"]
_FORMS = ["pcm", "pcm", "pcm", "wav", "sse"]


@dataclass(frozen=True)
class Call:
    """One text that a caller says."""

    text: str
    form: str
    """`pcm`, `wav`, or `sse` with pcm in it."""
    priority: str
    fault: Fault | None

    @property
    def kind(self) -> str | None:
        """What goes wrong with it on purpose."""
        return self.fault.kind if self.fault else None

    def body(self) -> str:
        """The request's."""
        is_wav = self.form == "wav"
        fields = {"input": self.text, "response_format": "wav" if is_wav else "pcm", "priority": self.priority}
        return json.dumps(fields | ({"stream_format": "sse"} if self.form == "sse" else {}))


class Caller:
    """Calls until it is over."""

    def __init__(self, number: int, seed: int, port: int, record: Record, armed: deque[Fault]) -> None:
        """`armed` are the faults that wait for somebody to call with them."""
        self._number = number
        self._dice = random.Random(seed * CALLERS + number)
        self._port = port
        self._record = record
        self._armed = armed
        self._connection: http.client.HTTPConnection | None = None
        self._keeps_alive = number % 2 == 0
        self._calls = 0

    def run(self, over: threading.Event) -> None:
        """Says one text after another."""
        try:
            while not over.wait(self._dice.uniform(*PAUSE)):
                call = self._next_call()
                try:
                    self.place(call)
                except Exception as error:
                    self.hang_up()
                    self._trouble("unanswered", call, f"{type(error).__name__}: {error}")
        finally:
            self.hang_up()

    def _next_call(self) -> Call:
        self._calls += 1
        name = f"{_letters(self._number)}-{_letters(self._calls)}"
        try:
            fault = self._armed.popleft()
        except IndexError:
            fault = None
        count = 12 if fault and fault.kind == "slow" else self._dice.randint(1, 5)
        sentences = [self._sentence(name, self._dice.randint(2, 10)) for _ in range(count)]
        if fault and fault.kind == "short":
            # So much is missing of a long sentence that it cannot be as short as that.
            sentences += [f"{directive(fault, name)} {self._sentence(name, 12)}"]
        elif fault and fault.kind in TEXT_FAULTS:
            place = int(fault.size * count)
            sentences[place] = f"{directive(fault, name)} {sentences[place]}"
        call = Call(" ".join(sentences), self._dice.choice(_FORMS), self._dice.choice(_PRIORITIES), fault)
        if fault:
            self._record.fault(fault.kind, f"call {name}, {call.form}, {call.priority}")
        return call

    def _sentence(self, name: str, words: int) -> str:
        return f"Guest {name} says {' '.join(self._dice.choices(_WORDS, k=words))}."

    def place(self, call: Call) -> None:
        """Says one text, and judges the answer. Raises OSError when there is none."""
        try:
            response = self._send(call)
            if response is None:
                self._record.ended("left")
                return
            if response.status == 200:
                self._listen(call, response)
            else:
                self._judge_refusal(call, response)
        except TimeoutError:
            self.hang_up()
            self._trouble("unanswered", call, f"nothing came for {PATIENCE:g} s")
        if not self._keeps_alive:
            self.hang_up()

    def _send(self, call: Call) -> http.client.HTTPResponse | None:
        """Returns when the head of the answer is there; None for who has left before it was."""
        leaves = call.fault is not None and call.kind == "leave" and call.fault.size < LEAVE_BEFORE
        if leaves:
            self.hang_up()  # On a connection that the server has just closed the request might never arrive.
        while True:
            is_kept = self._connection is not None
            connection = self._connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
            self._connection = connection
            try:
                connection.request("POST", "/v1/audio/speech", call.body(), {"Content-Type": "application/json"})
                if leaves:
                    self._record.request_sent()
                    time.sleep(self._dice.uniform(0.05, 0.3))
                    self.hang_up()
                    return None
                response = connection.getresponse()
            except (ConnectionError, http.client.BadStatusLine):
                self.hang_up()
                if not is_kept:  # The server may hang up between two requests; but who calls anew is answered.
                    raise
            else:
                self._record.request_sent()
                return response

    def _listen(self, call: Call, response: http.client.HTTPResponse) -> None:
        start = time.monotonic()
        body = b""
        try:
            for piece in _pieces(response, SLOW_FOR if call.kind == "slow" else 0):
                body += piece
                if call.fault and call.kind == "leave" and len(body) > call.fault.size * LEAVE_WITHIN:
                    self.hang_up()
                    if self._check_beginning(call, body):
                        self._record.ended("left")
                    return
        except (http.client.IncompleteRead, ConnectionError):
            self.hang_up()
            self._judge_break(call, body)
            return
        if call.form == "sse" and b'"speech.audio.done"' not in body[-4096:]:
            self._judge_break(call, body)
            return
        self._record.was_told(response.status)
        seconds = time.monotonic() - start
        audio = _pcm(call, body)
        if not listen(audio, call.text).whole:
            self._trouble("wrong", call, f"{len(audio)} bytes of audio are not what the text sounds like")
        elif call.kind == "poison":
            self._trouble("wrong", call, "a text that no instance survives was spoken")
        elif seconds > PATIENCE:
            self._trouble("unanswered", call, f"the end came after {seconds:.1f} s")
        else:
            self._record.ended("whole", None if call.kind == "slow" else seconds)

    def _judge_refusal(self, call: Call, response: http.client.HTTPResponse) -> None:
        """A refusal is honest if it says when to come again, or that it is the text's fault and it is."""
        body = response.read()
        self._record.was_told(response.status)
        retry_after = response.headers.get("Retry-After", "")
        if (response.status == 422 and call.kind == "poison") or (response.status == 503 and retry_after.isdigit()):
            self._record.ended("refused")
        else:
            self._trouble("refused dishonestly", call, f"status {response.status}: {body[:500].decode()}")

    def _judge_break(self, call: Call, body: bytes) -> None:
        if not self._check_beginning(call, body):
            return
        if call.kind == "poison":
            self._record.ended("broken as expected")
        else:
            end = f", with {body[-300:]!r}" if call.form == "sse" else ""
            self._trouble("broken", call, f"it ends after {len(body)} bytes{end}")

    def _check_beginning(self, call: Call, body: bytes) -> bool:
        """Whether what came is the beginning of what should have come."""
        if listen(_pcm(call, body), call.text).right:
            return True
        self._trouble("wrong", call, f"{len(body)} bytes are not the beginning of what the text sounds like")
        return False

    def _trouble(self, outcome: str, call: Call, what: str) -> None:
        self._record.ended(outcome)
        self._record.problem(f"{outcome}: {call.form}, {call.priority}, {call.fault}, {call.text!r}: {what}")

    def hang_up(self) -> None:
        """Ends the connection that is kept."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _letters(number: int) -> str:
    """A number in letters."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _pieces(response: http.client.HTTPResponse, slow_for: float) -> Iterator[bytes]:
    """The body of an answer, read slowly for so many seconds."""
    slow_until = time.monotonic() + slow_for
    while piece := response.read1(SLOW_PIECE if (is_slow := time.monotonic() < slow_until) else 65_536):
        yield piece
        if is_slow:
            time.sleep(SLOW_PAUSE)
    response.close()  # Otherwise the next request finds a body of known length unfinished.


def _pcm(call: Call, body: bytes) -> bytes:
    """The samples in the body of an answer, or in its beginning."""
    match call.form:
        case "wav":
            return _without_fill(_data_of_wav(body), call.text)
        case "sse":
            events = [json.loads(line[6:]) for line in body.split(b"\n\n")[:-1]]
            return b"".join(base64.b64decode(event["audio"]) for event in events if "audio" in event)
    return body


def _data_of_wav(body: bytes) -> bytes:
    position = 12
    while position + 8 <= len(body) and body[position : position + 4] != b"data":
        position += 8 + int.from_bytes(body[position + 4 : position + 8], "little")
    return body[position + 8 :]


def _without_fill(audio: bytes, text: str) -> bytes:
    """Without the silence that a wav of unknown length ends with."""
    end = 2 * SAMPLES_PER_SCALAR * sum(len(segment) for segment in listen(audio, text).segments)
    return audio[:end] if len(audio) - end < WAV_FILL and not any(audio[end:]) else audio
