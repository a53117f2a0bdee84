"""The parts of the harness that can be wrong without anybody noticing."""

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from callers import Call, Caller
from fake_voice import listen, speech
from plan import APART, CALM, CRASHES_A_MINUTE, FAULTS, WARM_UP, Fault, plan
from record import Record
from verdict import Check, Counters, Summary, checks, write_report
from watch import Usage

TEXT = "Guest 1-1 says sun. Guest 1-1 says moon."
AUDIO = speech("Guest 1-1 says sun.") + speech("Guest 1-1 says moon.")
CRASHES = {"die": 1, "die-after": 1, "abort": 1, "abort-after": 1, "poison": 2}


def test_a_plan_follows_from_its_seed_and_leaves_the_ends_in_peace() -> None:
    faults = plan(1, 600, list(FAULTS))
    assert faults == plan(1, 600, list(FAULTS)) != plan(2, 600, list(FAULTS))
    assert {fault.kind for fault in faults} == set(FAULTS)
    assert all(WARM_UP <= fault.at < 600 - CALM for fault in faults)


def test_a_plan_does_not_crash_more_than_the_pool_puts_up_with() -> None:
    crashes = [fault.at for fault in plan(3, 1800, list(FAULTS)) for _ in range(CRASHES.get(fault.kind, 0))]
    assert crashes
    assert all(sum(at - 60 < other <= at for other in crashes) <= CRASHES_A_MINUTE for at in crashes)


@pytest.mark.parametrize("kind", list(APART))
def test_a_plan_keeps_apart_what_would_be_too_much_together(kind: str) -> None:
    others, before, after = APART[kind]
    faults = plan(4, 1800, list(FAULTS))
    moments = [fault.at for fault in faults if fault.kind == kind]
    others_at = [fault.at for fault in faults if fault.kind in others]
    assert others_at
    assert len(moments) > FAULTS[kind] * 1800 / 60 / 2
    assert not any(other - before <= at < other + after for at in moments for other in others_at)


def test_audio_is_right_as_far_as_it_goes_or_it_is_not() -> None:
    cut = len(AUDIO) - 1000
    assert listen(AUDIO, TEXT).whole
    assert listen(AUDIO[:cut], TEXT).right
    assert not listen(AUDIO[:cut], TEXT).whole
    for wrong in AUDIO[:4800] + AUDIO[4320:cut], AUDIO[:4800] + AUDIO[5280:cut], AUDIO[960:], AUDIO + b"\0\0":
        assert not listen(wrong, TEXT).right


class Lines(BaseHTTPRequestHandler):
    """Answers every request with what the test has said."""

    protocol_version = "HTTP/1.1"
    status = 200
    body = b""
    is_whole = True

    def do_POST(self) -> None:
        """Reads the request and answers."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(f"{len(self.body):x}\r\n".encode() + self.body + b"\r\n" + b"0\r\n\r\n" * self.is_whole)
        self.close_connection = not self.is_whole

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def answering(status: int, body: bytes, *, is_whole: bool) -> Iterator[int]:
    """A server that always answers so; its port."""
    handler = type("Handler", (Lines,), {"status": status, "body": body, "is_whole": is_whole})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body", "is_whole", "kind", "outcome"),
    [
        (200, AUDIO, True, None, "whole"),
        (200, AUDIO[:-480], True, None, "wrong"),
        (200, AUDIO[:-480], False, None, "broken"),
        (200, AUDIO[:4800] + AUDIO[4320:-960], False, None, "wrong"),
        (200, bytes(4800), False, "mute", "wrong"),
        (200, AUDIO[:4800], False, "poison", "broken as expected"),
        (200, AUDIO, True, "poison", "wrong"),
        (503, b"{}", True, None, "refused dishonestly"),
        (500, b"{}", True, None, "refused dishonestly"),
        (422, b"{}", True, None, "refused dishonestly"),
        (422, b"{}", True, "poison", "refused"),
    ],
)
def test_a_caller_knows_what_he_got(status: int, body: bytes, is_whole: bool, kind: str | None, outcome: str) -> None:
    record = Record()
    with answering(status, body, is_whole=is_whole) as port:
        caller = Caller(0, 1, port, record, deque())
        caller.place(Call(TEXT, "pcm", "default", Fault(0, kind, 0.5) if kind else None))
        caller.hang_up()
    assert record.outcomes == Counter([outcome])
    assert record.sent == 1


def test_a_caller_whom_nobody_answers_says_so() -> None:
    with answering(200, AUDIO, is_whole=True) as port:
        pass
    record = Record()
    with pytest.raises(ConnectionRefusedError):
        Caller(0, 1, port, record, deque()).place(Call(TEXT, "pcm", "default", None))


def good_record() -> Record:
    """Of a run in which nothing was wrong: a whole answer, a refusal, and one who left."""
    record = Record()
    for outcome, status in ("whole", 200), ("refused", 503), ("left", None):
        record.request_sent()
        record.ended(outcome)
        if status:
            record.was_told(status)
    return record


GOOD = Counters(Counter({200: 1, 503: 1, 499: 1}), Counter(ok=1, failed=1, cancelled=1), 0)
FLAT = Usage(100, 30)


def failing(record: Record, counters: Counters = GOOD, last: Usage = FLAT, recovery: float | None = 1) -> list[str]:
    """The names of the checks that fail."""
    return [check.name for check in checks(record, counters, FLAT, last, recovery) if not check.passed]


def test_a_good_run_passes() -> None:
    assert failing(good_record()) == []


@pytest.mark.parametrize("outcome", ["wrong", "unanswered", "broken", "refused dishonestly"])
def test_what_must_not_be_fails(outcome: str) -> None:
    record = good_record()
    record.ended(outcome)
    assert len(failing(record)) == 2, "that, and a call that ended twice"


def test_a_run_that_leaves_something_behind_fails() -> None:
    record = good_record()
    lost = Counters(Counter({200: 1, 499: 2}), GOOD.utterances, 0)
    assert failing(record, lost) == ["the server counts the same"]
    assert failing(record, Counters(GOOD.requests, Counter(ok=1), 1)) == ["every text ended"]
    assert failing(record, last=Usage(127, 30)) == ["memory is flat"]
    assert failing(record, last=Usage(100, 39)) == ["descriptors are flat"]
    assert len(failing(record, recovery=None)) == len(failing(record, recovery=11)) == 1


def test_a_report_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Before.\n<!-- the last run -->\nthe run before\n<!-- end of the last run -->\nAfter.\n")
    summary = Summary(
        1, 120, 3, {"whole": 3}, {}, slowest=1, recovery=1, restarts=0, load=0.1, checks=[Check("good", True, "yes")]
    )
    for _ in range(2):
        write_report(page, summary)
    text = page.read_text()
    assert text.startswith("Before.\n<!-- the last run -->\n")
    assert text.endswith("<!-- end of the last run -->\nAfter.\n")
    assert "the run before" not in text
    assert text.count("| seed | 1 |") == 1
