"""What goes wrong in the middle: nobody notices, or it is said clearly."""

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from conftest import Serve
from fake_voice import listen, speech
from server import (
    BIN,
    REPOSITORY,
    START_LIMIT,
    Json,
    Server,
    clean_environment,
    fake_engine,
    wait_until,
    write_configuration,
)

LONG = "and some more words so that there are several pieces of audio to be sent"
"""Less than a segment, and without a place to cut it; more than half a second."""
LOAD_TIMEOUT = "6s"
"""Also how long a job may stand still before the pool knows what to expect; at least 5 s."""
STAND_STILL = 20.0
"""Seconds within which whoever hangs has been found, with a reserve for a busy machine."""

MIDWAY = ["die-after", "abort-after", "garbage-after", "oom-after"]


def unsure_engine(*flags: str, instances: int) -> Json:
    """An engine that does not say that it is deterministic."""
    return fake_engine("--no-chorus", *flags, instances=instances)


def assert_it_is_well(server: Server) -> None:
    """The pool comes back to full strength and speaks."""
    wait_until(lambda: server.is_at_full_strength() and server.is_idle(), "the pool is at full strength again")
    assert server.speak("Good as new").content == speech("Good as new")


@pytest.mark.parametrize("fault", MIDWAY)
def test_what_breaks_in_the_middle_is_made_again_and_goes_on_where_it_was(
    serve: Serve, tmp_path: Path, fault: str
) -> None:
    server = serve(fake_engine("--state-dir", str(tmp_path), instances=2))
    text = f"{{pace:20}}{{{fault}-once:once:3}} {LONG}"
    assert server.speak(text).raise_for_status().content == speech(text)
    assert_it_is_well(server)


def test_it_goes_on_in_any_segment_and_in_events(serve: Serve, tmp_path: Path) -> None:
    server = serve(fake_engine("--state-dir", str(tmp_path), instances=3))
    text = " ".join(f"{{pace:5}}{{die-after-once:{n}:4}} This is sentence number {n} {LONG}." for n in range(4))
    response = server.call(text, stream_format="sse").response()
    events = [json.loads(line[6:]) for line in response.read().split(b"\n\n")[:-1]]
    assert events[-1]["type"] == "speech.audio.done"
    assert listen(b"".join(base64.b64decode(event["audio"]) for event in events[:-1]), text).whole
    assert_it_is_well(server)


def test_what_may_sound_different_is_not_glued_together(serve: Serve, tmp_path: Path) -> None:
    server = serve(unsure_engine("--state-dir", str(tmp_path), instances=2))
    response = server.call(f"{{pace:20}}{{die-after-once:once:3}} {LONG}").response()
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    assert_it_is_well(server)


def test_what_does_sound_different_is_not_glued_together(serve: Serve, tmp_path: Path) -> None:
    """An engine says that it is deterministic, and is not."""
    server = serve(fake_engine("--state-dir", str(tmp_path), instances=2))
    text = "{pace:20}{other-once:other:Somebody-says-something-else-now}{die-after-once:once:3} to you"
    response = server.call(text).response()
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    assert_it_is_well(server)


def test_who_hangs_is_found_and_its_job_runs_elsewhere(serve: Serve, tmp_path: Path) -> None:
    """Before any audio, in the middle of it, and with the whole process; the first two still answer pings."""
    server = serve(fake_engine("--state-dir", str(tmp_path), instances=4, load_timeout=LOAD_TIMEOUT))
    texts = [f"{{hang-once:first}} {LONG}", f"{{hang-after-once:second:2}} {LONG}", f"{{sleep:2000}} {LONG}"]
    calls = [server.call(texts[2])]
    wait_until(lambda: any(one["state"] == "busy" for one in server.instances()), "somebody works")
    busy = next(one["pid"] for one in server.instances() if one["state"] == "busy")
    os.kill(busy, signal.SIGSTOP)
    calls = [server.call(texts[0]), server.call(texts[1]), *calls]
    for call, text in zip(calls, texts, strict=True):
        assert call.response().read() == speech(text)
    wait_until(lambda: server.restarts() == 3, "those that hung are replaced", STAND_STILL)
    assert busy not in server.processes()
    assert_it_is_well(server)


def test_who_is_slow_but_moves_is_left_alone(serve: Serve) -> None:
    server = serve(fake_engine(load_timeout=LOAD_TIMEOUT))
    text = "{sleep:9000}{progress} took its time"
    assert server.speak(text).raise_for_status().content == speech(text)
    assert server.restarts() == 0


def test_who_hangs_says_where(serve: Serve) -> None:
    """The SDK's workers show their stacks, even if a call into C holds the interpreter."""
    worker = REPOSITORY / "python" / "chorus_worker"
    server = serve(
        {
            "name": "scripted",
            "command": [sys.executable, str(worker / "tests" / "scripted_engine.py"), "--uri", "{uri}"],
            "env": {"PYTHONPATH": str(worker / "src")},
            "instances": 1,
            "load_timeout": LOAD_TIMEOUT,
        }
    )
    call = server.call("stuck")
    wait_until(lambda: "in call_into_c" in server.log.read_text(), "the log shows where it hung", STAND_STILL)
    call.leave()


@pytest.mark.parametrize("fault", ["mute-once:once", "clip-once:once", "short-once:once:1"])
def test_bad_audio_is_made_again_before_anybody_hears_it(serve: Serve, tmp_path: Path, fault: str) -> None:
    server = serve(fake_engine("--state-dir", str(tmp_path), instances=2))
    for length in range(20):  # So that the pool knows how long audio is.
        server.speak(f"{LONG} {'word ' * length}").raise_for_status()
    text = f"{{{fault}}} {LONG} {LONG}"
    assert server.speak(text).raise_for_status().content == speech(text)
    assert server.restarts() == 0


def test_a_text_that_sounds_bad_everywhere_is_like_that(serve: Serve) -> None:
    server = serve(fake_engine(instances=2))
    text = f"{{mute}} {LONG}"
    assert server.speak(text).raise_for_status().content == bytes(len(speech(text)))
    assert server.restarts() == 0


@pytest.mark.parametrize("directive", ["{die}", "{abort}"])
def test_a_text_that_ends_two_instances_is_not_tried_again(serve: Serve, directive: str) -> None:
    server = serve(fake_engine(instances=3))
    text = f"{directive} is the end"
    for _ in range(2):
        answer = server.speak(text)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "text_quarantined")
        assert answer.json()["error"]["type"] == "invalid_request_error"
    wait_until(lambda: server.restarts() == 2, "two instances are replaced")
    assert_it_is_well(server)
    assert server.restarts() == 2, "the second request cost no instance"


def test_a_text_that_somebody_else_killed_an_instance_over_is_innocent(serve: Serve) -> None:
    server = serve(fake_engine(instances=1))
    text = f"{{sleep:1000}} {LONG}"
    call = server.call(text)
    wait_until(server.is_busy, "it is worked on")
    os.kill(server.instances()[0]["pid"], signal.SIGKILL)
    wait_until(lambda: server.is_busy() and server.restarts() == 1, "it is worked on again")
    os.kill(server.instances()[0]["pid"], signal.SIGKILL)
    assert call.response().read() == speech(text)


def test_an_engine_that_ends_again_and_again_is_given_up_for_a_while(serve: Serve) -> None:
    server = serve(fake_engine(), fake_engine(name="other"))
    for number in range(5):
        server.speak(f"{{die}} is the end of number {number}")
        if any(engine["parked"] for engine in server.pool()["engines"]):
            break
    wait_until(lambda: server.instances()[0]["state"] == "parked", "the instance is given up")
    ready = httpx.get(f"{server.url}/health/ready")
    assert ready.status_code == 503
    assert "fake" in ready.text
    answer = server.speak("Is anybody there?")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "engine_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert server.speak("I am", model="other").content == speech("I am")


def test_an_engine_that_cannot_load_ends_the_start_with_its_last_words(tmp_path: Path) -> None:
    configuration = write_configuration(tmp_path, [fake_engine("--fail-load", instances=2)])
    start = subprocess.run(
        [str(BIN / "chorus"), "serve", "--config", str(configuration)],
        stdin=subprocess.DEVNULL,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=START_LIMIT,
    )
    assert start.returncode > 0
    assert "cannot load, as asked" in start.stderr.strip().splitlines()[-1]


def test_instances_are_replaced_after_so_many_jobs_and_nobody_notices(serve: Serve) -> None:
    server = serve(fake_engine(instances=2, max_jobs=10))
    seen: set[int] = set()
    for number in range(60):
        text = f"This is number {number}"
        assert server.speak(text).raise_for_status().content == speech(text)
        seen |= {one["pid"] for one in server.instances() if one.get("pid")}
    assert len(seen) >= 5, "of 60 jobs no process had more than 10, but for those done while one was replaced"
    assert_it_is_well(server)
