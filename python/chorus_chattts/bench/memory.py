"""Memory of processes that share much of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Memory:
    """Of a process, in bytes; see proc(5), smaps."""

    pss: int
    """Where a page that n processes share counts 1/n."""
    private: int
    """Pages that it shares with nobody: what its end would free."""

    @classmethod
    def of(cls, pid: int) -> "Memory":
        """Asks the kernel."""
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        bytes_of = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
        return cls(bytes_of["Pss"], bytes_of["Private_Clean"] + bytes_of["Private_Dirty"])


def total_pss(memories: Sequence[Memory]) -> float:
    """MiB of all of them together."""
    return sum(memory.pss for memory in memories) / MEBIBYTE


def mean_private(memories: Sequence[Memory]) -> float:
    """MiB that each has for itself."""
    return sum(memory.private for memory in memories) / len(memories) / MEBIBYTE
