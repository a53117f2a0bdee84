"""What an engine does not do is refused or noted, by every engine in the same words."""

import asyncio
from typing import Any

import pytest

from chorus_worker import BadRequest, Engine, Job
from chorus_worker.job import MAX_SHOWN
from chorus_worker.options import heed

from .harness import WorkerProcess, speak


class Plain(Engine):
    """Knows no options."""

    name = "plain"
    options = ()
    seeded = False


class Silent(Engine):
    """Does not say what it knows, and looks itself."""

    name = "silent"


class Clever(Engine):
    """Knows some."""

    name = "clever"
    options = ("volume", "pitch", "instructions")
    elsewhere = {"speed": "Write `pitch`."}  # noqa: RUF012


class Listener(Job):
    """A job that remembers its notes."""

    def __init__(self, **wanted: Any) -> None:
        """As a job; its text does not matter."""
        super().__init__("la", **wanted)
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Remembers it."""
        self.notes.append(text)


@pytest.mark.parametrize(
    ("engine", "options", "message"),
    [
        (Plain(), {"volume": 1}, "`volume` is not an option of plain. It has none."),
        (Clever(), {"volume": 1, "volme": 1}, "`volme` is not an option of clever. Did you mean `volume`?"),
        (Clever(), {"zzz": 1}, "`zzz` is not an option of clever. There are: instructions, pitch, volume."),
        (Clever(), {"speed": 1}, "`speed` is not an option of clever. Write `pitch`."),
    ],
)
def test_an_unknown_option_is_refused_with_what_may_be_meant(
    engine: Engine, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        heed(engine, Job("la", options=options))
    assert str(refused.value) == message


def test_what_has_no_effect_is_noted() -> None:
    job = Listener(seed=7, options={"instructions": "Softly."})
    heed(Plain(), job)
    assert job.notes == [
        "`instructions` has no effect: plain does not follow them.",
        "`seed` has no effect: plain does not use it.",
    ]
    assert job.options == {}


@pytest.mark.parametrize(
    ("engine", "wanted"),
    [
        (Plain(), {}),
        (Clever(), {"seed": 7, "options": {"instructions": "Softly.", "volume": 1}}),
        (Silent(), {"seed": 7, "options": {"instructions": "Softly.", "anything": 1}}),
    ],
)
def test_what_has_an_effect_is_not_noted(engine: Engine, wanted: dict[str, Any]) -> None:
    job = Listener(**wanted)
    heed(engine, job)
    assert job.notes == []
    assert (job.seed, job.options) == (wanted.get("seed"), wanted.get("options", {}))


@pytest.mark.parametrize(
    ("left_out", "notes"),
    [
        ("", []),
        (" ", []),
        ("☃", ["Not spoken, 1 character: ☃"]),
        ("😀 мир", ["Not spoken, 4 characters: 😀 мир"]),
        ("я" * 200, [f"Not spoken, 200 characters: {'я' * MAX_SHOWN}…"]),
    ],
)
def test_what_is_not_spoken_is_counted_and_shown(left_out: str, notes: list[str]) -> None:
    job = Listener()
    job.not_spoken(left_out)
    assert job.notes == notes


def test_a_worker_refuses_and_notes(shared_worker: WorkerProcess) -> None:
    async def talk() -> None:
        async with shared_worker.client() as client:
            refused = await speak(client, "bytes 1", tempo=2)
            message = "`tempo` is not an option of scripted. There are: deep, temperature."
            assert refused.error == ("bad_request", message)
            noted = await speak(client, "bytes 1", instructions="Softly.", seed=1)
            assert noted.notes == ["`instructions` has no effect: scripted does not follow them."]

    asyncio.run(talk())
