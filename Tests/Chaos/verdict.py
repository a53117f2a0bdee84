"""Whether a run was good, and how it is told."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from record import Record
from watch import Usage

RECOVERY_LIMIT = 10.0
"""Seconds after the last fault within which the pool is at full strength."""
MEMORY_TOLERANCE = 1.1, 16
"""By what factor, and how many MiB beside, the server's memory at the end may be above that at the beginning."""
DESCRIPTOR_TOLERANCE = 8
"""How many more descriptors the server may have at the end. It has as many as callers and workers at the moment."""

_BEGIN = "<!-- the last run -->"
_END = "<!-- end of the last run -->"


@dataclass(frozen=True)
class Counters:
    """What the server has counted, of speech requests alone."""

    requests: Counter[int]
    """By status."""
    utterances: Counter[str]
    """By outcome."""
    open_utterances: int


@dataclass(frozen=True)
class Check:
    """One thing that has to hold."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Summary:
    """What a run was and how it went."""

    seed: int
    seconds: float
    calls: int
    outcomes: dict[str, int]
    faults: dict[str, int]
    slowest: float
    """Seconds of the slowest whole answer that was read at once."""
    recovery: float | None
    """Seconds from the last fault to full strength; None for never."""
    restarts: int
    load: float
    """What this program itself took of a core."""
    checks: list[Check]

    @property
    def passed(self) -> bool:
        """Whether all holds that has to."""
        return all(check.passed for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {**asdict(self), "passed": self.passed}


def checks(record: Record, counters: Counters, first: Usage, last: Usage, recovery: float | None) -> list[Check]:
    """What has to hold at the end of a run, but for the server's own end."""
    outcomes, sent = record.outcomes, record.sent
    lost = {status: count for status, count in record.told.items() if counters.requests[status] < count}
    spoken = counters.utterances["ok"]
    most_memory = first.resident * MEMORY_TOLERANCE[0] + MEMORY_TOLERANCE[1]
    most_descriptors = first.descriptors + DESCRIPTOR_TOLERANCE
    return [
        Check("calls were answered", outcomes["whole"] > 0, f"{outcomes['whole']} whole answers"),
        _none("no wrong audio", outcomes["wrong"]),
        _none("no call without an answer", outcomes["unanswered"]),
        _none("no answer that breaks off without need", outcomes["broken"]),
        _none("no dishonest refusal", outcomes["refused dishonestly"]),
        Check("every call ended once", outcomes.total() == sent, f"{sent} sent, {outcomes.total()} ended"),
        Check(
            "the server counts the same",
            counters.requests.total() == sent and not lost,
            f"{sent} sent, {_words(counters.requests)} counted, {_words(record.told)} told",
        ),
        Check(
            "every text ended",
            not counters.open_utterances and outcomes["whole"] <= spoken <= counters.utterances.total() <= sent,
            f"{_words(counters.utterances)}; {counters.open_utterances} open",
        ),
        Check(
            f"full strength within {RECOVERY_LIMIT:g} s of the last fault",
            recovery is not None and recovery <= RECOVERY_LIMIT,
            "never" if recovery is None else f"{recovery:.1f} s",
        ),
        Check(
            "memory is flat",
            last.resident <= most_memory,
            f"{first.resident:.0f} MiB at first, {last.resident:.0f} MiB at last, {most_memory:.0f} MiB allowed",
        ),
        Check(
            "descriptors are flat",
            last.descriptors <= most_descriptors,
            f"{first.descriptors:g} at first, {last.descriptors:g} at last, {most_descriptors:g} allowed",
        ),
    ]


def table(summary: Summary) -> str:
    """The run in Markdown, which is readable as it is."""
    figures = [
        ("seed", str(summary.seed)),
        ("time", f"{summary.seconds:g} s"),
        ("faults", _words(summary.faults)),
        ("calls", f"{summary.calls}: {_words(summary.outcomes)}"),
        ("slowest whole answer", f"{summary.slowest:.1f} s"),
        ("processes that were replaced", str(summary.restarts)),
        ("load of the harness", f"{summary.load:.0%} of a core"),
    ]
    lines = ["| run | |", "|---|---|", *(f"| {name} | {value} |" for name, value in figures)]
    lines += ["", "| has to hold | | |", "|---|---|---|"]
    lines += [f"| {check.name} | {'yes' if check.passed else '**no**'} | {check.detail} |" for check in summary.checks]
    return "\n".join(lines)


def write_report(page: Path, summary: Summary) -> None:
    """Puts the run in its place in a page."""
    before, _, rest = page.read_text().partition(_BEGIN)
    _, found, after = rest.partition(_END)
    if not found:
        raise SystemExit(f"{page} has no lines {_BEGIN} and {_END}; put them where the table shall be")
    page.write_text(f"{before}{_BEGIN}\n{table(summary)}\n{_END}{after}")


def _none(name: str, count: int) -> Check:
    return Check(name, count == 0, str(count))


def _words(counts: Mapping[str, int] | Mapping[int, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
