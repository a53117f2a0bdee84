"""Another configuration while callers speak: nobody notices, and what does not work is not kept."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from conftest import Serve
from fake_voice import listen, speech
from server import Json, Server, environment_of, fake_engine, replace_file, silent_engine, wait_until
from test_keys import new_key

TEXT = "Nobody notices"
GONE_WRONG = "An engine's new definition does not work. It goes on as it was before."


@dataclass
class Callers:
    """What those have got who kept speaking."""

    served: int = 0
    troubles: list[str] = field(default_factory=list)


@contextmanager
def speaking(server: Server, callers: int = 3) -> Iterator[Callers]:
    """Callers who say one text after another until the end of the block, or until somebody gets something wrong."""
    heard = Callers()
    is_over = threading.Event()
    wanted = speech(TEXT)

    def call() -> None:
        with httpx.Client(base_url=server.url, timeout=60) as client:
            while not is_over.is_set():
                try:
                    answer = client.post("/v1/audio/speech", json={"input": TEXT, "response_format": "pcm"})
                except httpx.HTTPError as error:
                    heard.troubles.append(repr(error))
                    return
                if answer.content != wanted:
                    heard.troubles.append(f"{answer.status_code}: {answer.text[:200]}")
                    return
                heard.served += 1

    threads = [threading.Thread(target=call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: heard.served >= callers or bool(heard.troubles), "all speak")
        yield heard
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def ready(server: Server, engine: str = "fake") -> int:
    """How many instances of the engine serve."""
    return next((one["ready"] for one in server.pool()["engines"] if one["name"] == engine), 0)


def has_variable(pid: int, entry: str) -> bool:
    """Whether a process was started with `NAME=value`."""
    return entry.encode() in environment_of(pid)


def hang_up(server: Server) -> None:
    """Tells it as an administrator does, who gets no answer."""
    server.process.send_signal(signal.SIGHUP)


def change_of(report: Json, engine: str) -> str | None:
    """What a reload means to an engine."""
    return next((str(one["change"]) for one in report["engines"] if one["engine"] == engine), None)


def test_a_changed_engine_rolls_while_callers_speak(serve: Serve) -> None:
    """One instance after the other is replaced, the new one first, so there are never fewer than before."""
    count = 3
    server = serve(fake_engine("--load-ms", "100", "--service-ms", "20", instances=count))
    before = server.pids()
    counts: list[int] = []

    def has_rolled() -> bool:
        counts.append(ready(server))
        pids = server.pids()
        return len(pids) == count and not pids & before and counts[-1] == count

    with speaking(server) as heard:
        server.rewrite(
            fake_engine("--load-ms", "100", "--service-ms", "20", instances=count, env={"GENERATION": "second"})
        )
        hang_up(server)
        wait_until(has_rolled, "every instance is a new one")
        served = heard.served
        wait_until(lambda: heard.served > served + 10 or bool(heard.troubles), "they speak on")
    assert heard.troubles == []
    assert min(counts) >= count, "an old one went before its successor served"
    assert all(has_variable(pid, "GENERATION=second") for pid in server.pids())
    wait_until(lambda: len(server.workers()) == count, "the old ones are gone")


def test_a_reload_that_changes_nothing_replaces_nobody(serve: Serve) -> None:
    server = serve(fake_engine(instances=2))
    before = server.pids()
    assert change_of(server.reload(), "fake") == "unchanged"
    assert server.speak(TEXT).content == speech(TEXT)
    assert server.pids() == before


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(
            {"name": "fake", "command": ["/bin/sh", "-c", "echo no weights; exit 3", "{uri}"]}, id="cannot load"
        ),
        pytest.param(silent_engine("fake", voice="fake"), id="makes no sound"),
    ],
)
def test_a_definition_that_does_not_work_is_not_kept(serve: Serve, broken: Json) -> None:
    server = serve(fake_engine(instances=2))
    before = server.pids()
    with speaking(server, callers=2) as heard:
        server.rewrite({**broken, "instances": 2})
        assert change_of(server.reload(), "fake") == "replaced"
        wait_until(lambda: server.has_logged(GONE_WRONG), "the log says so")
        wait_until(lambda: server.pids() == before, "only the old ones are there")
        served = heard.served
        wait_until(lambda: heard.served > served + 10 or bool(heard.troubles), "they speak on")
    assert heard.troubles == []
    assert server.pids() == before
    assert server.is_at_full_strength()


def test_after_one_that_does_not_work_a_good_one_is_taken_at_once(serve: Serve) -> None:
    server = serve(fake_engine(instances=2))
    before = server.pids()
    server.rewrite(fake_engine("--fail-load", instances=2))
    server.reload()
    wait_until(lambda: server.has_logged(GONE_WRONG), "the log says so")
    server.rewrite(fake_engine(instances=2, env={"GENERATION": "third"}))
    assert change_of(server.reload(), "fake") == "replaced"
    wait_until(lambda: not server.pids() & before and server.is_at_full_strength(), "all are new", limit=10)
    assert all(has_variable(pid, "GENERATION=third") for pid in server.pids())


def test_mistakes_change_nothing_and_are_told(serve: Serve) -> None:
    server = serve(fake_engine(instances=2))
    before = server.pids()
    text = server.configuration.read_text()
    mistaken = text.replace('"instances": 2', '"instances": "many"')
    line = 1 + mistaken[: mistaken.index('"many"')].count("\n")
    replace_file(server.configuration, mistaken)
    answer = server.administer("POST", "/v1/pool/reload")
    assert answer.status_code == 400
    assert f"chorus.yaml:{line}:" in answer.json()["error"]["message"]
    hang_up(server)
    wait_until(
        lambda: server.log.read_text().count("The configuration was not read again") == 2, "the log says so, twice"
    )
    assert server.pids() == before
    assert server.speak(TEXT).content == speech(TEXT)
    replace_file(server.configuration, text)
    assert change_of(server.reload(), "fake") == "unchanged"


def test_a_file_that_is_gone_changes_nothing(serve: Serve) -> None:
    server = serve(fake_engine())
    server.configuration.unlink()
    answer = server.administer("POST", "/v1/pool/reload")
    assert answer.status_code == 400
    assert "chorus.yaml" in answer.json()["error"]["message"]
    assert server.speak(TEXT).content == speech(TEXT)


def test_keys_are_valid_and_void_at_once(serve: Serve) -> None:
    (amy, amys), (bob, bobs) = new_key("amy"), new_key("bob")
    server = serve(fake_engine(), keys=[amys])

    def status(key: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.get(f"{server.url}/v1/models", headers=headers).status_code

    assert (status(amy), status(bob)) == (200, 401)
    server.rewrite(keys=[bobs])
    assert "keys" in server.reload()["applied"]
    assert (status(amy), status(bob)) == (401, 200)


def test_a_server_for_others_does_not_lose_its_last_key(serve: Serve) -> None:
    """Without keys it would not have started there, so it does not go on there without."""
    key, entry = new_key("amy")
    server = serve(fake_engine(), listen="0.0.0.0:0", keys=[entry])
    server.rewrite(keys=[])
    assert server.administer("POST", "/v1/pool/reload").status_code == 400
    url = f"http://127.0.0.1:{server.port}/v1/models"
    assert httpx.get(url).status_code == 401
    assert httpx.get(url, headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_who_may_reload(serve: Serve) -> None:
    (amy, amys), (root, roots) = new_key("amy"), new_key("root")
    server = serve(fake_engine(), keys=[amys, {**roots, "admin": True}])

    def status(**headers: str) -> int:
        return httpx.post(f"{server.url}/v1/pool/reload", headers=headers).status_code

    assert status() == 401
    assert status(Authorization=f"Bearer {amy}") == 403
    assert status(Authorization=f"Bearer {root}") == 202
    assert server.administer("POST", "/v1/pool/reload").status_code == 202


def test_without_keys_only_the_socket_may_reload(serve: Serve) -> None:
    server = serve(fake_engine())
    answer = httpx.post(f"{server.url}/v1/pool/reload")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "admin_only")
    assert (server.directory / "admin").stat().st_mode & 0o777 == 0o600


def test_limits_and_aliases_change_at_once(serve: Serve) -> None:
    server = serve(fake_engine(), models={"old": "fake"})
    assert server.speak(TEXT, model="old").content == speech(TEXT)
    server.rewrite(models={"new": "fake"}, limits={"max_input": len(TEXT)})
    assert set(server.reload()["applied"]) == {"models", "limits.max_input"}
    assert server.speak(TEXT, model="new").content == speech(TEXT)
    assert server.speak(TEXT, model="old").status_code == 404
    assert server.speak(TEXT + "!").status_code == 400


def test_an_engine_that_is_removed_finishes_what_it_has_begun(serve: Serve) -> None:
    first, second = fake_engine(name="first"), fake_engine("--voices", "other:en", name="second")
    server = serve(first, second)
    firsts, seconds = server.pids("first"), server.pids("second")
    late = server.call("{sleep:500} and gone", model="first")
    wait_until(lambda: any(one["state"] == "busy" for one in server.instances()), "the first one works")
    server.rewrite(second)
    report = server.reload()
    assert (change_of(report, "first"), change_of(report, "second")) == ("removed", "unchanged")
    assert server.speak(TEXT, model="first").status_code == 404
    assert late.response().read() == speech("{sleep:500} and gone")
    wait_until(lambda: firsts.isdisjoint(server.workers()), "it is gone")
    assert server.speak(TEXT, voice="other").content == speech(TEXT, "other"), "the other one is the default now"
    assert server.pids("second") == seconds


def test_the_number_of_instances_changes_and_those_that_stay_stay(serve: Serve) -> None:
    server = serve(fake_engine(instances=2))
    two = server.pids()
    with speaking(server) as heard:
        for count, is_right in _numbers(server, two):
            server.rewrite(fake_engine(instances=count))
            assert change_of(server.reload(), "fake") == "scaled"
            wait_until(is_right, f"there are {count}")
    assert heard.troubles == []


def _numbers(server: Server, two: set[int]) -> list[tuple[int, Callable[[], bool]]]:
    return [
        (4, lambda: len(server.pids()) == 4 and two < server.pids() and server.is_at_full_strength()),
        (1, lambda: len(server.pids()) == 1 and len(server.workers()) == 1),
    ]


def test_a_watched_file_is_read_when_it_is_replaced(serve: Serve) -> None:
    server = serve(fake_engine(), watch=True)
    server.rewrite(limits={"max_input": len(TEXT)})
    wait_until(lambda: server.has_logged("The configuration was read again."), "it has seen that")
    assert server.speak(TEXT + "!").status_code == 400
    assert server.speak(TEXT).content == speech(TEXT)


def test_what_needs_a_restart_is_named_and_left_as_it_is(serve: Serve) -> None:
    server = serve(fake_engine())
    server.rewrite(
        listen="127.0.0.1:1", drain_timeout="7s", log={"format": "text"}, cache={"memory": "1MiB"}, segment_gap="100ms"
    )
    report = server.reload()
    assert set(report["needs_restart"]) == {"listen", "drain_timeout", "log.format", "cache.memory"}
    assert report["applied"] == ["segment_gap"]
    assert server.speak(TEXT).content == speech(TEXT)
    assert server.log.read_text().rstrip().splitlines()[-1].startswith("{"), "the log is still JSON"


def test_who_is_in_the_middle_of_a_text_hears_its_end(serve: Serve) -> None:
    """A text of many segments that began with the old instances goes on with the new ones."""
    text = " ".join(f"This is {{pace:30}} sentence number {n}, and it says nothing new." for n in range(1, 7))
    server = serve(fake_engine())
    before = server.pids()
    response = server.call(text).response()
    audio = response.read(1)
    server.rewrite(fake_engine(env={"GENERATION": "second"}))
    server.reload()
    wait_until(lambda: not server.pids() & before, "there is a new one")
    assert not server.is_idle(), "the text was over too soon to tell"
    audio += response.read()
    assert listen(audio, text).whole


def test_an_engine_that_is_added_serves(serve: Serve) -> None:
    first, second = fake_engine(name="first"), fake_engine("--voices", "other:en", name="second")
    server = serve(first)
    firsts = server.pids("first")
    server.rewrite(first, second)
    report = server.reload()
    assert (change_of(report, "first"), change_of(report, "second")) == ("unchanged", "added")
    wait_until(server.is_at_full_strength, "the second one serves")
    assert server.speak(TEXT, model="second", voice="other").content == speech(TEXT, "other")
    assert server.pids("first") == firsts


def test_the_voices_of_a_definition_that_does_not_work_are_not_offered(serve: Serve) -> None:
    server = serve(fake_engine(instances=2))
    with speaking(server) as heard:
        server.rewrite(silent_engine("fake", voice="nobody"))
        server.reload()
        wait_until(lambda: server.has_logged(GONE_WRONG), "it goes on as it was before")
        served = heard.served
        wait_until(lambda: heard.served > served + 10 or bool(heard.troubles), "they speak on")
    assert heard.troubles == []
    voices = httpx.get(f"{server.url}/v1/audio/voices").text
    assert "nobody" not in voices
