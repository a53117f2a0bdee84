"""Nobody hears what was meant for somebody else, whatever happens around them."""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter

import httpx
import pytest

from conftest import Serve
from fake_voice import listen, speech
from server import Server, fake_engine, wait_until

REQUESTS = 200
KILLS = 6


def a_text(number: int, dice: random.Random) -> str:
    """One to four sentences that no other request has."""
    words = ["sun", "moon", "river", "stone", "window", "paper", "garden", "winter", "music", "silver"]
    return " ".join(
        f"Guest {number} says {' '.join(dice.choices(words, k=dice.randint(2, 8)))}." for _ in range(dice.randint(1, 4))
    )


async def a_guest(client: httpx.AsyncClient, number: int, seed: int) -> str:
    """Asks, perhaps leaves early, and says how it went: `left`, `well`, `refused` or `broken`. All else fails."""
    dice = random.Random(seed * REQUESTS + number)
    text = a_text(number, dice)
    patience = dice.uniform(0, 1.5) if dice.random() < 0.3 else None
    try:
        answer = await asyncio.wait_for(
            client.post("/v1/audio/speech", json={"input": text, "response_format": "pcm"}), patience
        )
    except asyncio.TimeoutError:
        return "left"
    except httpx.RemoteProtocolError:
        return "broken"
    if answer.status_code == 200:
        heard = listen(answer.content, text)
        assert heard.whole, f"guest {number} heard something else than {text!r}, after {heard.segments}"
        return "well"
    assert 500 <= answer.status_code < 600, answer.text
    assert answer.json()["error"]["message"]
    return "refused"


async def a_killer(client: httpx.AsyncClient, dice: random.Random) -> None:
    """Kills a worker now and then."""
    for _ in range(KILLS):
        await asyncio.sleep(dice.uniform(0.1, 0.4))
        instances = (await client.get("/v1/pool")).json()["instances"]
        with contextlib.suppress(IndexError, ProcessLookupError):
            os.kill(dice.choice([one["pid"] for one in instances if one.get("pid")]), signal.SIGKILL)


async def a_party(server: Server, seed: int) -> Counter[str]:
    """All guests at once, and the killer."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=server.url, timeout=120, limits=limits) as client:
        killer = asyncio.create_task(a_killer(client, random.Random(seed)))
        results = await asyncio.gather(*(a_guest(client, number, seed) for number in range(REQUESTS)))
        await killer
    return Counter(results)


@pytest.mark.parametrize("seed", [1, 20_260_101])
def test_every_answer_is_the_callers_own(serve: Serve, seed: int) -> None:
    server = serve(fake_engine("--service-ms", "25", instances=4))
    results = asyncio.run(a_party(server, seed))
    print(f"seed {seed}: {dict(results)}")
    assert results["refused"] + results["broken"] <= KILLS, "a death costs one request at the most"
    assert results["well"] >= REQUESTS // 2
    wait_until(lambda: server.is_at_full_strength() and server.is_idle(), "the pool is at full strength again")
    assert server.restarts() >= 1
    assert server.speak("Good night").content == speech("Good night")
