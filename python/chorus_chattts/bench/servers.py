"""Four callers at once: Chorus with two instances, against the ways ChatTTS is served without it."""

import sys
from pathlib import Path

from asking import post
from callers import QUESTIONS, Ask, Outcome, Question, call
from child import Child
from cost import STREAM, ComparedWorker
from figure import Figure
from gateway import Gateway
from workbench import PATIENCE, BenchError, Workbench

RUN_LIMIT = 90.0
"""Seconds after which callers give up what they still wait for."""

WAYS = {"blocking": "inference in a coroutine", "threads": "a thread for each request"}


def measure(workbench: Workbench) -> list[Figure]:
    """The same load on each server in turn."""
    tokens = workbench.effort.segment * 3 // 4
    questions = [Question(*each, tokens) for each in QUESTIONS]
    chorus = _chorus(workbench, questions)
    outcomes = {what: _example(workbench, way, questions) for way, what in WAYS.items()}
    figures = [figure for what, outcome in outcomes.items() for figure in _figures(f"ChatTTS, {what}", outcome)]
    best = max(_throughput(outcome) for outcome in outcomes.values())
    return [
        *figures,
        *_figures("Chorus, 2 instances", chorus),
        Figure("Chorus: answers that are wrong or missing", chorus.wrong + chorus.failed, at_most=0),
        Figure("Chorus's throughput, to the better of the others", _throughput(chorus) / best, "times", at_least=1),
    ]


def _figures(name: str, outcome: Outcome) -> list[Figure]:
    count = outcome.right + outcome.wrong + outcome.failed
    answers = f"of {count} answers {outcome.wrong} wrong, {outcome.failed} missing"
    return [
        Figure(f"{name}: right audio", _throughput(outcome), "s/s", remark=answers),
        Figure(f"{name}: wait, p50", outcome.percentile(0.5), "s"),
        Figure(f"{name}: wait, p99", outcome.percentile(0.99), "s", remark=f"the slowest of {len(outcome.waits)}"),
        Figure(f"{name}: slowest answer of /health meanwhile", outcome.slowest_health, "s"),
    ]


def _throughput(outcome: Outcome) -> float:
    return outcome.audio_seconds / outcome.seconds


def _example(workbench: Workbench, way: str, questions: list[Question]) -> Outcome:
    """What is right is what the server answers while nobody else asks."""
    script = Path(__file__).with_name("example_server.py")
    command = [sys.executable, str(script), way, "--assets", str(workbench.assets)]
    with Child(command, workbench.directory / f"{way}.log") as server:
        port = int(server.line_with("Port ").split()[1])

        def ask(question: Question, limit: float) -> tuple[int, bytes]:
            return post(port, "/", vars(question), limit)

        expected = {question: _alone(ask, question) for question in questions}
        return call(ask, expected, requests=workbench.effort.requests, limit=RUN_LIMIT, port=port, health="/health")


def _chorus(workbench: Workbench, questions: list[Question]) -> Outcome:
    """What is right is what `Chat.infer` says when it is called directly."""
    with ComparedWorker(workbench, "expected") as worker:
        expected = {
            question: worker.run(
                STREAM, question.tokens, text=question.text, voice=question.voice, seed=question.seed
            ).pcm
            for question in questions
        }
    requests = workbench.effort.requests
    with Gateway(workbench, "gateway", instances=2, template=True) as gateway:

        def ask(question: Question, limit: float) -> tuple[int, bytes]:
            return post(gateway.port, "/v1/audio/speech", _request(question), limit)

        outcome = call(ask, expected, requests=requests, limit=RUN_LIMIT, port=gateway.port, health="/health/live")
        if gateway.jobs_done() < outcome.right:
            raise BenchError("the gateway answered without doing the work, which makes the comparison worthless")
    return outcome


def _alone(ask: Ask, question: Question) -> bytes:
    status, body = ask(question, PATIENCE)
    if status != 200:
        raise BenchError(f"the example server answered {status}: {body[:500]!r}")
    return body


def _request(question: Question) -> dict[str, object]:
    return {
        "input": question.text,
        "voice": f"speaker-{question.voice}",
        "seed": question.seed,
        "response_format": "pcm",
        "engine_options": {"min_new_token": question.tokens, "max_new_token": question.tokens},
    }
