"""The end: who is being served is served, nobody new comes in, nothing stays behind."""

import signal
import socket

from conftest import Serve
from fake_voice import listen
from server import Server, espeak_engine, fake_engine, plain_engine, wait_until

LONG_TEXT = " ".join(f"This is sentence number {n} {{pace:50}}, and it says nothing new." for n in range(1, 6))


def refuses_connections(server: Server) -> bool:
    """Whether the listener is gone."""
    try:
        socket.create_connection(("127.0.0.1", server.port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_sigterm_lets_a_stream_finish(serve: Serve) -> None:
    server = serve(fake_engine(instances=2))
    response = server.call(LONG_TEXT).response()
    audio = response.read(1)
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses_connections(server), "nobody new comes in")
    assert server.process.poll() is None, "it ended before the stream did"
    audio += response.read()
    assert listen(audio, LONG_TEXT).whole
    server.assert_ended_well()


def test_sigterm_serves_those_who_wait(serve: Serve) -> None:
    server = serve(fake_engine())
    texts = ["{sleep:1000} is the first", "This is the second", "This is the third"]
    calls = [server.call(texts[0])]
    wait_until(server.is_busy, "the slot is taken")
    calls += [server.call(text) for text in texts[1:]]
    wait_until(lambda: server.queued() == 2, "two jobs wait")
    server.process.send_signal(signal.SIGTERM)
    responses = [call.response() for call in calls]
    assert [listen(response.read(), text).whole for response, text in zip(responses, texts, strict=True)] == [True] * 3
    server.assert_ended_well()


def test_workers_are_found_by_their_mark(serve: Serve) -> None:
    """What the other tests rely on when they see no process left."""
    server = serve(fake_engine(instances=2), plain_engine(), espeak_engine())
    workers = {instance["pid"] for instance in server.instances()}
    assert len(workers) == 4
    assert workers | {server.process.pid} <= server.processes()


def test_no_worker_outlives_a_killed_server(serve: Serve) -> None:
    server = serve(fake_engine(instances=2), plain_engine(), espeak_engine())
    busy = server.call("{sleep:60000}")
    wait_until(lambda: any(instance["state"] == "busy" for instance in server.instances()), "a worker works")
    server.kill()
    wait_until(lambda: server.processes() == set(), "every worker is gone", limit=10)
    busy.leave()


def test_a_server_that_still_loads_can_be_stopped(serve: Serve) -> None:
    server = serve(fake_engine("--load-ms", "600000"), until_loaded=False)
    wait_until(lambda: len(server.processes()) > 1, "the worker is there")
    server.stop()
