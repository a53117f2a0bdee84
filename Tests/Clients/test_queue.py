"""The queue has limits, and says so; who leaves it costs nothing."""

import httpx
import openai
import pytest

from conftest import Serve
from fake_voice import listen, speech
from server import Server, fake_engine, wait_until
from texts import sentences

HOLD = "{sleep:60000}"
"""Keeps the only slot busy until its caller leaves."""


def refusal(server: Server) -> openai.APIStatusError:
    """What the OpenAI client makes of one request more."""
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="not needed", max_retries=0) as client:
        with pytest.raises(openai.APIStatusError) as caught:
            client.audio.speech.create(model="fake", voice="fake", input="One too many")
        return caught.value


@pytest.mark.parametrize(
    ("limits", "kind", "code"),
    [
        ({"max_jobs": 2}, openai.InternalServerError, "queue_full"),
        ({"max_jobs_per_tenant": 2}, openai.RateLimitError, "tenant_limit_reached"),
    ],
)
def test_a_full_queue_refuses_and_says_when_to_come_back(
    serve: Serve, limits: dict[str, int], kind: type[openai.APIStatusError], code: str
) -> None:
    server = serve(fake_engine(), queue=limits)
    holder = server.call(HOLD)
    wait_until(server.is_busy, "the slot is taken")
    texts = ["The first to wait", "The second to wait"]
    waiting = [server.call(text) for text in texts]
    wait_until(lambda: server.queued() == 2, "the queue is full")

    error = refusal(server)
    assert isinstance(error, kind)
    assert error.code == code
    assert int(error.response.headers["retry-after"]) >= 1
    assert len(error.message) > 20

    holder.leave()
    answers = [call.response() for call in waiting]
    assert [answer.read() for answer in answers] == [speech(text) for text in texts]


def test_who_leaves_the_queue_never_reaches_a_worker(serve: Serve) -> None:
    server = serve(fake_engine())
    holder = server.call(HOLD)
    wait_until(server.is_busy, "the slot is taken")
    leaver = server.call("{die}")
    wait_until(lambda: server.queued() == 1, "the job waits")
    leaver.leave()
    wait_until(lambda: server.queued() == 0, "the job is gone")
    holder.leave()
    assert server.speak("Still here").content == speech("Still here")
    assert server.restarts() == 0


def test_who_leaves_a_running_job_frees_its_slot(serve: Serve) -> None:
    server = serve(fake_engine())
    leaver = server.call("{pace:50} " + "word " * 30)
    assert leaver.response().read(1)
    leaver.leave()
    wait_until(server.is_idle, "the slot is free", limit=2)
    assert (server.restarts(), server.jobs_done()) == (0, 0)


def test_a_worker_that_does_not_obey_is_cut_off(serve: Serve) -> None:
    server = serve(fake_engine())
    leaver = server.call("{stubborn}{sleep:60000}")
    wait_until(server.is_busy, "the job runs")
    leaver.leave()
    wait_until(lambda: server.is_at_full_strength() and server.is_idle(), "the slot is free")
    assert server.speak("Still here").content == speech("Still here")


def test_nobody_waits_longer_than_the_limit(serve: Serve) -> None:
    server = serve(fake_engine(), queue={"max_wait": "1s"})
    holder = server.call(HOLD)
    wait_until(server.is_busy, "the slot is taken")
    error = refusal(server)
    assert (error.status_code, error.code) == (503, "waited_too_long")
    holder.leave()


def test_segments_of_one_text_run_on_several_instances_and_come_back_in_order(serve: Serve) -> None:
    server = serve(fake_engine("--service-ms", "50", instances=4))
    text = sentences(30)
    heard = listen(server.speak(text).raise_for_status().content, text)
    assert heard.whole
    assert len(heard.segments) > 4
    assert sum(instance["jobs_done"] > 0 for instance in server.instances()) > 1


def test_nothing_of_a_refused_text_reaches_a_worker(serve: Serve) -> None:
    server = serve(fake_engine("--unit-us", "2000", instances=4))
    # From these the server learns how long a text takes.
    for number in range(40):
        assert server.speak(f"Sentence number {number}.").status_code == 200
    texts = [sentences(1) + " " + "{die} " + sentences(20) for _ in range(20)]
    answers = [
        httpx.post(
            f"{server.url}/v1/audio/speech",
            json={"input": text, "response_format": "pcm"},
            headers={"X-Request-Timeout": "0.3"},
            timeout=60,
        )
        for text in texts
    ]
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(503, "overloaded")] * 20
    assert server.speak("Still here").content == speech("Still here")
    assert (server.restarts(), server.jobs_done()) == (0, 41)
