"""What goes wrong with a real model: callers who leave, processes that die, memory that is full."""

import os
import signal
from pathlib import Path

from chattts import chattts_engine, tokens
from conftest import Serve
from server import REPOSITORY, Server, wait_until

TEXT = "今天的天气非常好，我们去公园散步。"


def say(server: Server, text: str = TEXT) -> bytes:
    """What the engine makes of a text."""
    return server.speak(text, engine_options=tokens(24)).raise_for_status().content


def parent_of(pid: int) -> int:
    """The parent of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_caller_who_leaves_frees_the_instance(serve: Serve, chattts_assets: Path) -> None:
    server = serve(chattts_engine(chattts_assets, instances=1))
    expected = say(server)
    for _ in range(3):
        call = server.call(TEXT, engine_options=tokens(2048))
        wait_until(server.is_busy, "the instance works")
        call.leave()
        assert say(server) == expected, "the next caller hears its own"
    assert server.restarts() == 0


def test_an_instance_that_dies_is_born_again_from_its_template_and_the_job_runs_elsewhere(
    serve: Serve, chattts_assets: Path
) -> None:
    server = serve(chattts_engine(chattts_assets, instances=2))
    expected = say(server)
    template = {parent_of(each["pid"]) for each in server.instances()}
    assert len(template) == 1, "both were forked by one process"
    call = server.call(TEXT, engine_options=tokens(24), response_format="wav")
    victim = next((each for each in server.instances() if each["state"] == "busy"), server.instances()[0])
    os.kill(victim["pid"], signal.SIGKILL)
    assert call.response().status == 200
    wait_until(lambda: server.restarts() == 1 and server.is_at_full_strength(), "the instance is back")
    assert {parent_of(each["pid"]) for each in server.instances()} == template
    assert {say(server) for _ in range(4)} == {expected}


def test_full_memory_is_an_answer_and_the_instance_goes_on(serve: Serve, chattts_assets: Path) -> None:
    worker = (str(REPOSITORY / "python" / "chorus_chattts" / "tests" / "cramped_worker.py"),)
    server = serve(chattts_engine(chattts_assets, instances=1, worker=worker))
    expected = say(server)
    for _ in range(3):
        answer = server.speak("This needs more memory.", engine_options=tokens(24))
        assert answer.status_code == 500
        assert "memory" in answer.json()["error"]["message"]
        assert say(server) == expected
    assert server.restarts() == 0


def test_nothing_is_left_of_a_server_that_is_killed(serve: Serve, chattts_assets: Path) -> None:
    server = serve(chattts_engine(chattts_assets, instances=2))
    assert len(server.workers()) == 3, "the template, and its two copies"
    server.kill()
    wait_until(lambda: not server.processes(), "every process is gone")


def test_without_a_template_it_works_as_well(serve: Serve, chattts_assets: Path) -> None:
    shared = serve(chattts_engine(chattts_assets, instances=1))
    expected = say(shared)
    shared.stop()
    plain = serve(chattts_engine(chattts_assets, instances=1, template=False))
    assert say(plain) == expected
