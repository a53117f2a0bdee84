"""Watches what a process takes: memory and descriptors."""

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from statistics import median

INTERVAL = 1.0
"""Seconds between two looks."""
WARM_UP = 0.1
"""The share of the looks at the beginning that say nothing yet."""

_MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Usage:
    """What a process takes at one moment."""

    resident: float
    """MiB."""
    descriptors: float


class Watch:
    """Looks at a process again and again."""

    def __init__(self, pid: int) -> None:
        """Nothing is looked at yet."""
        self._proc = Path(f"/proc/{pid}")
        self._looks: list[Usage] = []

    def run(self, over: threading.Event) -> None:
        """Looks until it is over, or the process is."""
        while not over.wait(INTERVAL):
            try:
                pages = int((self._proc / "statm").read_text().split()[1])
                self._looks.append(
                    Usage(pages * os.sysconf("SC_PAGE_SIZE") / _MEBIBYTE, len(os.listdir(self._proc / "fd")))
                )
            except FileNotFoundError:
                return

    def at_first(self) -> Usage:
        """The median of the first fifth, after the warm-up."""
        start = int(len(self._looks) * WARM_UP)
        return _median(self._looks[start : start + max(1, len(self._looks) // 5)])

    def at_last(self) -> Usage:
        """The median of the last fifth."""
        return _median(self._looks[-max(1, len(self._looks) // 5) :])


def _median(looks: list[Usage]) -> Usage:
    return Usage(median(look.resident for look in looks), median(look.descriptors for look in looks))
