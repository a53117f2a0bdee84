"""What callers see of a worker's trouble, and that the pool mends itself."""

import http.client
from pathlib import Path

import pytest

from conftest import Serve
from fake_voice import speech
from server import Server, fake_engine, wait_until


def assert_it_is_well(server: Server) -> None:
    """The pool comes back to full strength and speaks."""
    wait_until(lambda: server.is_at_full_strength() and server.is_idle(), "the pool is at full strength again")
    assert server.speak("Good as new").content == speech("Good as new")


def test_a_job_survives_the_death_of_its_instance(serve: Serve, tmp_path: Path) -> None:
    server = serve(fake_engine("--state-dir", str(tmp_path), instances=2))
    text = "{die-once:first} and nobody noticed"
    assert server.speak(text).raise_for_status().content == speech(text)
    assert_it_is_well(server)
    assert server.restarts() == 1


def test_a_job_survives_the_death_of_the_only_instance(serve: Serve, tmp_path: Path) -> None:
    server = serve(fake_engine("--state-dir", str(tmp_path)))
    text = "{die-once:first} and nobody noticed"
    assert server.speak(text).raise_for_status().content == speech(text)


def test_a_text_that_is_always_answered_with_nonsense_is_an_error(serve: Serve) -> None:
    server = serve(fake_engine(instances=2))
    answer = server.speak("{garbage} is said")
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (503, "server_error", "instance_lost")
    assert int(answer.headers["retry-after"]) > 0
    assert error["message"]
    assert_it_is_well(server)


@pytest.mark.parametrize(
    ("code", "status"), [("bad_request", 400), ("out_of_memory", 500), ("internal", 500), ("whatever", 500)]
)
def test_an_engines_refusal_is_passed_on_and_costs_no_instance(serve: Serve, code: str, status: int) -> None:
    server = serve(fake_engine())
    answer = server.speak(f"{{error:{code}}} is said")
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert_it_is_well(server)
    assert server.restarts() == 0


def test_an_answer_that_breaks_off_is_seen_to_be_broken(serve: Serve) -> None:
    """Audio that was sent cannot be taken back: the body ends without its last chunk, and nobody takes it for whole."""
    server = serve(fake_engine(instances=2))
    response = server.call("{pace:20}{die-after:3} " + "word " * 20).response()
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    assert_it_is_well(server)
