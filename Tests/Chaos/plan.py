"""What goes wrong in a run, and when: all of it follows from a seed."""

import random
from dataclasses import dataclass, replace

WARM_UP = 5.0
"""Seconds at the start without faults: the pool has to time some jobs before it can tell who hangs."""
CALM = 15.0
"""Seconds at the end without faults, in which the pool has to come back to full strength."""
CRASHES_A_MINUTE = 4
"""Processes that end by themselves within any minute, at the most: of more, the pool may give an instance up."""

PROCESS_FAULTS = {"kill": 8, "pause": 4, "freeze": 1.5}
"""To a worker's process, and how often a minute: SIGKILL; SIGSTOP and soon SIGCONT; SIGSTOP for good."""

SERVER_FAULTS = {"reload": 2}
"""To the server, and how often a minute: another configuration and SIGHUP."""

CALLER_FAULTS = {"leave": 20, "slow": 4}
"""By a caller, and how often a minute: he leaves before the end; he reads slowly."""

TEXT_FAULTS = {
    "oom": 3,
    "oom-after": 2,
    "die": 0.5,
    "die-after": 0.5,
    "abort": 0.5,
    "abort-after": 0.5,
    "garbage": 1,
    "hang": 1,
    "hang-after": 1,
    "short": 2,
    "mute": 1,
    "clip": 1,
    "poison": 0.5,
}
"""By a text, and how often a minute: a directive of the FakeWorker that it obeys once. Poison: it dies of it always."""

FAULTS = {**PROCESS_FAULTS, **SERVER_FAULTS, **CALLER_FAULTS, **TEXT_FAULTS}

APART = {"short": ({"reload"}, 5.0, 15.0), "freeze": ({"hang", "hang-after"}, 0.0, 15.0)}
"""What keeps away from what: for how many seconds before that, and after it. While two definitions of an engine serve,
another instance may make other audio, so what was heard of a piece is not made again. And a text that hangs and then
meets a frozen process has ended two: that is as often as it is tried."""

_MINUTE = 61.0
"""Seconds, with a reserve for the time from a fault's moment to its effect."""
_CRASHES = {"die": 1, "die-after": 1, "abort": 1, "abort-after": 1, "poison": 2}
"""How many processes end by themselves."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong."""

    at: float
    """Seconds since the start of the run."""
    kind: str
    size: float
    """From 0 to 1: which one is hit, how long it lasts."""


def plan(seed: int, seconds: float, kinds: list[str]) -> list[Fault]:
    """The faults of a run, in order. Each kind comes once in each of its intervals, at any moment."""
    dice = random.Random(seed)
    end = seconds - CALM
    faults = []
    for kind in kinds:
        interval = min(60 / FAULTS[kind], end - WARM_UP)
        start = WARM_UP
        while start < end:
            faults.append(Fault(start + interval * dice.random(), kind, dice.random()))
            start += interval
    planned = _within_budget(_kept_apart(sorted(faults, key=_moment)))
    return [fault for fault in planned if fault.at < end]


def directive(fault: Fault, name: str) -> str:
    """What a text says to make it go wrong; `name` is its own."""
    match fault.kind:
        case "poison":
            return "{die}"
        case "short":
            return f"{{short-once:{name}:1}}"
    return f"{{{fault.kind}-once:{name}}}"


def _kept_apart(faults: list[Fault]) -> list[Fault]:
    """The same, with those postponed that would come too close to others."""
    kept = []
    for fault in faults:
        others, before, after = APART.get(fault.kind, (set(), 0.0, 0.0))
        at = fault.at
        for other in (other.at for other in faults if other.kind in others):
            if other - before <= at < other + after:
                at = other + after
        kept.append(replace(fault, at=at))
    return sorted(kept, key=_moment)


def _within_budget(faults: list[Fault]) -> list[Fault]:
    """The same, with those postponed that would let more processes end by themselves than the pool puts up with."""
    crashes: list[float] = []
    kept = []
    for fault in faults:
        count = _CRASHES.get(fault.kind, 0)
        if count and crashes:
            recent = crashes[: -(CRASHES_A_MINUTE - count)]
            earliest = max(crashes[-1], recent[-1] + _MINUTE) if recent else crashes[-1]
            fault = replace(fault, at=max(fault.at, earliest))
        kept.append(fault)
        crashes += [fault.at] * count
    return sorted(kept, key=_moment)


def _moment(fault: Fault) -> float:
    return fault.at
