"""How jobs fail: the exceptions an engine may raise, and the error that the gateway is told."""

from __future__ import annotations

from dataclasses import dataclass

from wyoming.error import Error
from wyoming.event import Event

MAX_ERROR_BYTES = 2048
"""Longer texts of errors are cut."""


class BadRequest(Exception):  # noqa: N818
    """The text, the voice or the options are wrong. The message is for the caller: what was wrong and what to do."""


class NothingToSay(Exception):  # noqa: N818
    """Nothing of the text can be spoken. The message is for the caller."""


class OutOfMemory(Exception):  # noqa: N818
    """The device's memory did not suffice for this job. The worker frees what it can, and goes on."""


class Cancelled(Exception):  # noqa: N818
    """The gateway no longer wants the job."""


class EngineFault(Exception):  # noqa: N818
    """The engine did what none may do; its author wants to know."""


@dataclass(frozen=True)
class Failure:
    """Why a job failed, in the words of the worker protocol."""

    code: str
    """`bad_request`, `nothing_to_say`, `out_of_memory`, `cancelled` or `internal`."""
    text: str

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Judges what an engine raised."""
        match error:
            case BadRequest():
                return cls("bad_request", str(error))
            case NothingToSay():
                return cls("nothing_to_say", str(error) or "nothing of the text can be spoken")
            case Cancelled():
                return cls("cancelled", "the job was cancelled")
            case EngineFault():
                return cls("internal", str(error))
        if is_out_of_memory(error):
            return cls("out_of_memory", str(error) or "the memory does not suffice for this job")
        return cls("internal", f"{type(error).__name__}: {error}")

    def event(self) -> Event:
        """Wyoming's `error`."""
        return Error(shortened(self.text, MAX_ERROR_BYTES), self.code).event()


def is_out_of_memory(error: BaseException) -> bool:
    """Python's, ours, or PyTorch's, which is told by its name: PyTorch is not imported for this.

    On a CPU PyTorch raises a mere RuntimeError, in which its allocator names itself.
    """
    if isinstance(error, (MemoryError, OutOfMemory)):
        return True
    kind = type(error)
    if kind.__name__ == "OutOfMemoryError" and kind.__module__.partition(".")[0] == "torch":
        return True
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator: can't allocate memory" in str(error)


def shortened(text: str, limit: int) -> str:
    """The text in at most `limit` bytes of UTF-8; what UTF-8 cannot say becomes "?"."""
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
