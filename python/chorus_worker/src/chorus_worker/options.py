"""What a job asks for that its engine does not know: refused or noted, in the same words by every engine."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping

from chorus_worker.engine import Engine
from chorus_worker.failures import BadRequest
from chorus_worker.job import Job

NOTED = "instructions"
"""The one option that is left with a note instead of refused: OpenAI's clients send it to whatever speaks."""


def heed(engine: Engine, job: Job) -> None:
    """Takes from a job what the engine does not do, and tells the client. An engine that does not name its options
    gets all of them.

    Raises:
        BadRequest: an option that the engine does not know.
    """
    if engine.options is not None:
        _heed_options(engine, engine.options, job)
    if job.seed is not None and not engine.seeded:
        job.no_effect("seed", f"{engine.name} does not use it")


def _heed_options(engine: Engine, known: Collection[str], job: Job) -> None:
    ignored = NOTED in job.options and NOTED not in known
    if ignored:
        job.options = {name: value for name, value in job.options.items() if name != NOTED}
    check_names(job.options, known, engine.name, engine.elsewhere)
    if ignored:
        job.no_effect(NOTED, f"{engine.name} does not follow them")


def check_names(
    names: Iterable[str], known: Collection[str], engine: str, elsewhere: Mapping[str, str], within: str = ""
) -> None:
    """Refuses an option that is not among those known.

    Args:
        names: what the caller wrote.
        known: what there is.
        engine: whose options they are.
        elsewhere: what to say of names that callers know from elsewhere.
        within: what stands before the names, such as `refine.`, if they are those of an object in the options.

    Raises:
        BadRequest: with the first name that is unknown, and what may be meant.
    """
    for name in names:
        if name not in known:
            raise BadRequest(f"`{within}{name}` is not an option of {engine}. {_hint(name, known, elsewhere)}")


def _hint(name: str, known: Collection[str], elsewhere: Mapping[str, str]) -> str:
    if name in elsewhere:
        return elsewhere[name]
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"There are: {', '.join(sorted(known))}." if known else "It has none."
