"""What operators look at."""

import os

import httpx
from prometheus_client.parser import text_string_to_metric_families

from conftest import Serve
from server import Server, fake_engine


def counters(server: Server) -> dict[str, float]:
    """The counters of `/metrics`, summed over their labels."""
    answer = httpx.get(f"{server.url}/metrics").raise_for_status()
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation, f"{family.name} has no HELP"
        if family.type == "counter":
            sums[family.name] = sum(sample.value for sample in family.samples)
    return sums


def test_metrics_are_prometheus_and_count_requests(serve: Serve) -> None:
    server = serve(fake_engine())
    server.speak("Hello")
    before = counters(server)
    server.speak("Hello")
    after = counters(server)
    assert all(after[name] >= value for name, value in before.items())
    assert any(after[name] == before.get(name, 0) + 1 for name in after if name.startswith("chorus_"))


def test_a_loaded_server_is_live_and_ready(fake_server: Server) -> None:
    for probe in ("live", "ready"):
        assert httpx.get(f"{fake_server.url}/health/{probe}").status_code == 200


def test_a_loading_server_is_live_but_not_ready(serve: Serve) -> None:
    server = serve(fake_engine("--load-ms", "600000"), until_loaded=False)
    assert httpx.get(f"{server.url}/health/live").status_code == 200
    assert httpx.get(f"{server.url}/health/ready").status_code == 503
    answer = server.speak("Too early")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "engine_unavailable")


def test_the_pool_is_shown(serve: Serve) -> None:
    server = serve(fake_engine(instances=2))
    server.speak("Hello").raise_for_status()
    pool = server.pool()
    assert [instance["id"] for instance in pool["instances"]] == ["fake-0", "fake-1"]
    assert {instance["state"] for instance in pool["instances"]} == {"ready"}
    assert {instance["pid"] for instance in pool["instances"]} <= server.processes()
    assert pool["engines"] == [{"name": "fake", "instances": 2, "ready": 2, "slots": 2, "queued": 0, "parked": 0}]
    assert (pool["queue"]["jobs"], server.jobs_done(), server.restarts()) == (0, 1, 0)


def test_a_request_says_where_its_time_went(fake_server: Server) -> None:
    answer = fake_server.speak("Hello")
    assert {entry.partition(";")[0].strip() for entry in answer.headers["server-timing"].split(",")} >= {"queue"}
    assert answer.headers["x-request-id"] != fake_server.speak("Hello").headers["x-request-id"]


def test_voices_are_listed(fake_server: Server) -> None:
    voices = httpx.get(f"{fake_server.url}/v1/audio/voices").raise_for_status().text
    assert all(f'"{name}"' in voices for name in ("fake", "fake2", "alloy"))


def test_a_log_that_nobody_reads_holds_nobody_up(serve: Serve) -> None:
    reading, writing = os.pipe()
    redirect = ("sh", "-c", f'exec "$@" 2>/dev/fd/{writing}', "sh")
    server = serve(fake_engine(), wrapper=redirect, descriptors=(writing,))
    with httpx.Client(base_url=server.url, headers={"X-Request-ID": "x" * 128}, timeout=30) as client:
        for _ in range(1000):  # Four times what a pipe takes.
            client.get("/v1/models").raise_for_status()
    server.speak("Hello").raise_for_status()
    server.stop()
    os.close(writing)
    with os.fdopen(reading, "rb") as log:
        assert all(line.startswith(b"{") and line.endswith(b"}") for line in log.read().splitlines())
