"""The real ChatTTS behind the API: formats, streams, seeds, texts that are hard to say."""

import asyncio
import random
from pathlib import Path

import httpx
import pytest

from audio import FORMATS, decode, seconds
from chattts import SAMPLES_PER_TOKEN, chattts_engine, tokens
from conftest import Serve
from server import Server, wait_until

CHINESE = "今天天气很好，我们去公园。"
ENGLISH = "The lighthouse keeper writes one letter every evening."


def say(server: Server, text: str, status: int = 200, **fields: object) -> httpx.Response:
    """Speaks a text with segments of 24 tokens, if `fields` ask for nothing else."""
    answer = server.speak(text, **{"engine_options": tokens(24), **fields})
    assert answer.status_code == status, answer.text
    return answer


def test_a_segment_is_as_long_as_its_tokens(chattts_server: Server) -> None:
    audio = say(chattts_server, CHINESE, engine_options=tokens(72)).content
    assert len(audio) / 2 == pytest.approx(72 * SAMPLES_PER_TOKEN, abs=SAMPLES_PER_TOKEN)


@pytest.mark.parametrize("audio_format", FORMATS)
def test_every_format(chattts_server: Server, audio_format: str) -> None:
    pcm = say(chattts_server, f"{CHINESE} {ENGLISH}").content
    answer = say(chattts_server, f"{CHINESE} {ENGLISH}", response_format=audio_format)
    assert seconds(decode(answer.content, audio_format)) == pytest.approx(seconds(pcm), rel=0.05, abs=0.15)


def test_the_first_chunk_leaves_while_the_rest_is_made(chattts_server: Server) -> None:
    request = {"input": CHINESE, "response_format": "pcm", "engine_options": tokens(480)}
    with httpx.stream("POST", f"{chattts_server.url}/v1/audio/speech", json=request, timeout=120) as answer:
        chunks = answer.iter_bytes()
        first = next(chunks)
        assert not chattts_server.is_idle(), "the engine still works when the first chunk is here"
        rest = b"".join(chunks)
    assert len(first) < len(rest)
    assert first + rest == say(chattts_server, CHINESE, engine_options=tokens(480)).content


def test_the_same_request_sounds_the_same_and_a_seed_changes_it(chattts_server: Server) -> None:
    plain = [say(chattts_server, CHINESE).content for _ in range(3)]
    assert plain[0] == plain[1] == plain[2]
    seeded = [say(chattts_server, CHINESE, seed=seed).content for seed in (7, 8, 7, 8)]
    assert seeded[:2] == seeded[2:]
    assert len({plain[0], *seeded}) == 3


def test_an_utterance_over_two_instances_is_the_same_as_over_one(serve: Serve, chattts_assets: Path) -> None:
    text = " ".join(f"{ENGLISH} {CHINESE}" for _ in range(6))
    # An instance alone would have the threads of two, which round the last bit in other ways.
    one = serve(chattts_engine(chattts_assets, instances=1, env={"OMP_NUM_THREADS": "1"}))
    alone = say(one, text, voice="speaker-3", seed=5).content
    one.stop()
    two = serve(chattts_engine(chattts_assets, instances=2))
    assert say(two, text, voice="speaker-3", seed=5).content == alone
    assert all(instance["jobs_done"] > 0 for instance in two.instances())


def test_numbers_are_read_and_what_cannot_be_spoken_is_told(chattts_server: Server) -> None:
    price = say(chattts_server, "价格：￥100！")
    assert price.content != say(chattts_server, "价格：￥200！").content, "the digits are spoken"
    # That it was cut after so many tokens may be known when the answer begins, or not yet.
    assert "Not spoken" not in price.headers.get("chorus-notes", "")
    smile = say(chattts_server, "Hello \U0001f600")
    assert "%f0%9f%98%80" in smile.headers["chorus-notes"]
    assert smile.content == say(chattts_server, "Hello").content


def test_a_text_with_nothing_to_say_is_refused(chattts_server: Server) -> None:
    for text in ("\U0001f600\U0001f600", "мир", "[Ptts]"):
        error = say(chattts_server, text, status=400).json()["error"]
        assert error["param"] == "input", error


def test_one_sentence_that_cannot_be_spoken_does_not_end_the_others(chattts_server: Server) -> None:
    spoken = say(chattts_server, f"{ENGLISH}\n\U0001f600\U0001f600\U0001f600.\n{CHINESE}").content
    assert seconds(spoken) == pytest.approx(2 * 24 * SAMPLES_PER_TOKEN / 24_000, abs=0.1)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"temperature": "hot"}, "temperature"),
        ({"top_K": 0}, "top_K"),
        ({"temprature": 0.3}, "temperature"),
        ({"prompt": "[Ptts]"}, "prompt"),
        ({"spk_emb": "no code"}, "speaker code"),
        ({"max_new_token": 100_000}, "max_new_token"),
    ],
)
def test_options_are_checked(chattts_server: Server, options: dict[str, object], name: str) -> None:
    error = say(chattts_server, CHINESE, status=400, engine_options=options).json()["error"]
    assert name in error["message"], error


def test_options_and_control_tokens_reach_the_model(chattts_server: Server) -> None:
    plain = say(chattts_server, CHINESE).content
    for options in ({"temperature": 0.9}, {"prompt": "[speed_9]"}, {"top_K": 1}, {"refine": {"max_new_token": 8}}):
        assert say(chattts_server, CHINESE, engine_options={**tokens(24), **options}).content != plain, options
    assert say(chattts_server, CHINESE.replace("，", "，[laugh]")).content != plain
    assert say(chattts_server, CHINESE.replace("，", "，[Ebreak]")).content == plain


def test_speed_changes_the_tempo(chattts_server: Server) -> None:
    plain = seconds(say(chattts_server, CHINESE, engine_options=tokens(96)).content)
    quick = seconds(say(chattts_server, CHINESE, engine_options=tokens(96), speed=2).content)
    assert quick == pytest.approx(plain / 2, rel=0.1)


WORDS = ["价格", "今天", "天气", "hello", "garden", "3.5", "50%", "￥100", "2024年5月1日", "[laugh]", "[uv_break]"]
ODDITIES = ["\U0001f600", "[Ptts]", "[", "]]", "\u200b", "мир", "…", "&", "12345678901", "\u0301", "“”", "Dr.", "?!"]


def a_text(dice: random.Random) -> str:
    """One or two sentences of words, most of them speakable."""
    words = [dice.choice(ODDITIES if dice.random() < 0.25 else WORDS) for _ in range(dice.randint(1, 8))]
    return dice.choice(["", " "]).join(words) + dice.choice("。.！？ ")


def test_300_mixed_requests_are_each_answered_as_alone(chattts_server: Server) -> None:
    seed = 20_261_122
    dice = random.Random(seed)
    print(f"seed {seed}")
    texts = [a_text(dice) for _ in range(100)]
    requests = [
        {"input": text, "response_format": "pcm", "voice": f"speaker-{1 + n % 13}", "engine_options": tokens(8)}
        for n, text in enumerate(texts * 3)
    ]
    dice.shuffle(requests)
    before = chattts_server.restarts()

    async def ask_all() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=40)
        async with httpx.AsyncClient(base_url=chattts_server.url, timeout=300, limits=limits) as client:
            return await asyncio.gather(*(client.post("/v1/audio/speech", json=request) for request in requests))

    heard: dict[tuple[object, object], tuple[int, bytes]] = {}
    for request, answer in zip(requests, asyncio.run(ask_all()), strict=True):
        assert answer.status_code in (200, 400), answer.text
        key = (request["input"], request["voice"])
        result = (answer.status_code, answer.content if answer.status_code == 200 else b"")
        assert heard.setdefault(key, result) == result, f"{key} was answered in two ways"
    assert sum(status == 200 for status, _ in heard.values()) > len(heard) * 0.8
    for (text, voice), result in list(heard.items())[:30]:
        alone = chattts_server.speak(str(text), voice=voice, engine_options=tokens(8))
        assert (alone.status_code, alone.content if alone.status_code == 200 else b"") == result
    assert chattts_server.restarts() == before, "no instance died of a text"
    wait_until(chattts_server.is_idle, "every instance is free again")
