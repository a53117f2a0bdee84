"""What those may do who run the server, while callers speak."""

import httpx
import pytest

from conftest import Serve
from fake_voice import speech
from server import Server, chorus, fake_engine, wait_until
from test_reload import TEXT, ready, speaking


def instance(server: Server, name: str) -> dict[str, object]:
    """One instance of the pool."""
    return next(one for one in server.instances() if one["id"] == name)


def test_an_instance_is_restarted_and_nobody_notices(serve: Serve) -> None:
    server = serve(fake_engine("--load-ms", "100", instances=2))
    before = server.pids()
    old = instance(server, "fake-0")["pid"]
    counts = []

    def is_replaced() -> bool:
        counts.append(ready(server))
        return len(server.pids()) == 2 and old not in server.pids() and server.is_at_full_strength()

    with speaking(server) as heard:
        assert server.administer("POST", "/v1/pool/instances/fake-0/restart").status_code == 202
        wait_until(is_replaced, "there is another one")
    assert heard.troubles == []
    assert min(counts) >= 2
    assert len(server.pids() & before) == 1


def test_an_instance_is_drained_and_comes_back_when_asked(serve: Serve) -> None:
    server = serve(fake_engine(instances=2))
    pid = instance(server, "fake-1")["pid"]
    with speaking(server) as heard:
        assert server.administer("POST", "/v1/pool/instances/fake-1/drain").status_code == 202
        wait_until(lambda: instance(server, "fake-1")["state"] == "drained", "it is drained")
        assert pid not in server.workers()
        served = heard.served
        wait_until(lambda: heard.served > served + 20 or bool(heard.troubles), "the other one serves")
        assert instance(server, "fake-1")["state"] == "drained"
        assert server.administer("POST", "/v1/pool/instances/fake-1/restart").status_code == 202
        wait_until(lambda: instance(server, "fake-1")["state"] in {"ready", "busy"}, "it is back")
    assert heard.troubles == []


def test_a_second_server_does_not_take_the_socket_away(serve: Serve) -> None:
    server = serve(fake_engine())
    second = chorus("serve", "--config", str(server.configuration))
    assert second.returncode == 1
    assert "`admin_socket` cannot be served. Another program answers at the Unix socket" in second.stderr
    assert server.administer("GET", "/v1/pool/quarantine").status_code == 200


def test_an_engine_is_scaled(serve: Serve) -> None:
    server = serve(fake_engine(instances=2))
    with speaking(server) as heard:
        for count in (4, 1, 2):
            answer = server.administer("POST", "/v1/pool/engines/fake/scale", instances=count)
            assert answer.status_code == 202
            wait_until(lambda count=count: len(server.workers()) == ready(server) == count, f"there are {count}")  # type: ignore[misc]
    assert heard.troubles == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("instances/nobody/restart", {}, 404),
        ("instances/nobody/drain", {}, 404),
        ("engines/nobody/scale", {"instances": 1}, 404),
        ("engines/fake/scale", {"instances": 0}, 400),
        ("engines/fake/scale", {"instances": 1000}, 400),
        ("engines/fake/scale", {"instances": "many"}, 400),
        ("engines/fake/scale", {"number": 1}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(fake_server: Server, path: str, body: dict[str, object], status: int) -> None:
    answer = fake_server.administer("POST", f"/v1/pool/{path}", **body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_the_network_may_do_none_of_it(fake_server: Server) -> None:
    for method, path in (
        ("POST", "reload"),
        ("POST", "instances/fake-0/restart"),
        ("POST", "instances/fake-0/drain"),
        ("POST", "engines/fake/scale"),
        ("GET", "quarantine"),
        ("DELETE", "quarantine"),
        ("DELETE", "quarantine/1"),
    ):
        answer = httpx.request(method, f"{fake_server.url}/v1/pool/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "admin_only")


def test_a_text_in_quarantine_is_shown_without_its_words_and_let_out(serve: Serve) -> None:
    server = serve(fake_engine(instances=2))
    deadly = "{die} Melpomene"
    assert server.speak(deadly).status_code == 422
    wait_until(lambda: server.restarts() == 2, "two instances have come back")
    assert server.speak(deadly).status_code == 422
    listed = server.administer("GET", "/v1/pool/quarantine")
    [entry] = listed.json()["texts"]
    assert (entry["engine"], entry["deaths"], entry["refused"]) == ("fake", 2, 1)
    assert "Melpomene" not in listed.text
    assert server.administer("DELETE", f"/v1/pool/quarantine/{entry['id']}").json() == {"released": 1}
    assert server.administer("DELETE", f"/v1/pool/quarantine/{entry['id']}").status_code == 404
    assert server.administer("GET", "/v1/pool/quarantine").json() == {"texts": []}
    wait_until(server.is_at_full_strength, "the pool is well again")
    assert server.speak(deadly).status_code == 422
    wait_until(lambda: server.restarts() == 4, "it has been tried again, and two instances have come back")
    assert server.administer("DELETE", "/v1/pool/quarantine").json() == {"released": 1}
    wait_until(server.is_at_full_strength, "the pool is well again")
    assert server.speak(TEXT).content == speech(TEXT)
