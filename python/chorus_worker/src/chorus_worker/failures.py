"""How jobs fail: the exceptions an engine may raise, and the error that the gateway is told."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass

from chorus_worker.frames import Event

OUT_OF_MEMORY = "out_of_memory"
BAD_AUDIO = "bad_audio"
INTERNAL = "internal"
"""The codes of failures that are not the caller's."""

MAX_ERROR_BYTES = 2048
"""Longer texts of errors are cut."""

_NO_MEMORY_WORDS = (
    "DefaultCPUAllocator: can't allocate memory",
    "CUDA out of memory",
    "CUDA error: out of memory",
    "HIP out of memory",
    "HIP error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)
"""Of mere RuntimeErrors: from PyTorch's allocator on a CPU, from TorchScript, from CUDA's runtime and libraries."""


class BadRequest(Exception):  # noqa: N818
    """The text, the voice or the options are wrong. The message is for the caller: what was wrong and what to do."""


class NothingToSay(Exception):  # noqa: N818
    """Nothing of the text can be spoken. The message is for the caller."""


class OutOfMemory(Exception):  # noqa: N818
    """The device's memory did not suffice for this job. The worker frees what it can, and goes on."""


class Cancelled(Exception):  # noqa: N818
    """Nobody wants the job any more. The message is for the gateway."""


class EngineFault(Exception):  # noqa: N818
    """The engine did what none may do; its author wants to know."""


class BadAudio(EngineFault):
    """NaN or infinity is in the engine's audio. Another instance may do better, so the gateway tries one."""


@dataclass(frozen=True)
class Failure:
    """Why a job failed, in the words of the worker protocol."""

    code: str
    """`bad_request`, `nothing_to_say`, `out_of_memory`, `bad_audio`, `cancelled` or `internal`."""
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
                return cls("cancelled", str(error))
            case BadAudio():
                return cls(BAD_AUDIO, str(error))
            case EngineFault():
                return cls(INTERNAL, str(error))
        if is_out_of_memory(error):
            return cls(OUT_OF_MEMORY, str(error) or "the memory does not suffice for this job")
        return cls(INTERNAL, f"{type(error).__name__}: {error}")

    def event(self) -> Event:
        """Wyoming's `error`."""
        return Event("error", {"text": shortened(self.text, MAX_ERROR_BYTES), "code": self.code})


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory did not suffice, or something that led to the error was that."""
    return any(_is_lack_of_memory(each) for each in _with_reasons(error))


def _with_reasons(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it, as a traceback shows them."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:  # Whoever sets `__cause__` can make a circle.
        seen.add(id(error))
        yield error
        error = error.__cause__ if error.__suppress_context__ else error.__context__


def _is_lack_of_memory(error: BaseException) -> bool:
    """Python's, ours, the kernel's, or PyTorch's, which is told by name and words: it is not imported for this."""
    match error:
        case MemoryError() | OutOfMemory():
            return True
        case OSError():
            return error.errno == errno.ENOMEM
        case RuntimeError():
            kind = type(error)
            if kind.__name__ == "OutOfMemoryError" and kind.__module__.partition(".")[0] == "torch":
                return True
            return any(words in str(error) for words in _NO_MEMORY_WORDS)
    return False


def shortened(text: str, limit: int) -> str:
    """The text in at most `limit` bytes of UTF-8; what UTF-8 cannot say becomes "?"."""
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
