"""How much memory the worker uses, may use, and can give back."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from chorus_worker.engine import Context
from chorus_worker.frames import Event, user_event
from chorus_worker.values import JSON

HOST_INTERVAL = 10.0
"""Seconds, at least, between two measurements of host memory after jobs: for one, the kernel looks at all our pages."""

_PROC = Path("/proc/self")


class MemoryReports:
    """The `chorus.memory` events of this process; for the threads that do the work.

    A peak is that since the report before, so each is told once.
    """

    def __init__(self, device: str) -> None:
        """Measures for the first time: call it when the engine is loaded."""
        self._device = device
        self._lock = threading.Lock()
        self.latest = self.fresh()

    def after_job(self) -> Event | None:
        """A new report if there is news: always on CUDA, whose counters cost little, else when the host's are old."""
        with self._lock:
            if time.monotonic() - self._host_measured >= HOST_INTERVAL:
                self._measure_host()
            elif _cuda(self._device) is None:
                return None
            return self._report()

    def fresh(self) -> Event:
        """A new report, in which nothing is older than this call."""
        with self._lock:
            self._measure_host()
            return self._report()

    def _measure_host(self) -> None:
        self._host_measured = time.monotonic()
        self._host = host_memory(_PROC)

    def _report(self) -> Event:
        report = dict(self._host)
        if cuda := _cuda(self._device):
            report["cuda"] = {
                "allocated": cuda.memory_allocated(self._device),
                "reserved": cuda.memory_reserved(self._device),
                "peak": cuda.max_memory_allocated(self._device),
                "peak_reserved": cuda.max_memory_reserved(self._device),
            }
            cuda.reset_peak_memory_stats(self._device)
        self.latest = user_event("chorus.memory", report)
        return self.latest


def host_memory(proc: Path) -> dict[str, JSON]:
    """Bytes of host memory: `rss`, and `pss`, in which a page that n processes share counts 1/n (proc(5)).

    A kernel without smaps_rollup tells no PSS; RSS stands in for it, which is never less.
    """
    try:
        lines = (proc / "smaps_rollup").read_text().splitlines()
    except OSError:
        rss = int((proc / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return {"rss": rss, "pss": rss}
    kibibytes = {line.split(":")[0]: line.split()[1] for line in lines[1:]}
    return {"rss": int(kibibytes["Rss"]) * 1024, "pss": int(kibibytes["Pss"]) * 1024}


def keep_to_budget(context: Context) -> None:
    """Makes PyTorch's allocator raise out of memory beyond the budget, on a CUDA device and if PyTorch is imported.

    It is called before `load` (so that loading keeps to it), and after it for engines that import PyTorch only there.
    CUDA's own context, some hundred MiB that no allocator sees, comes on top. On a CPU nothing is limited.
    """
    torch: Any = sys.modules.get("torch")
    if torch is None or context.memory_bytes is None or not context.device.startswith("cuda"):
        return
    total = torch.cuda.get_device_properties(context.device).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, context.memory_bytes / total), context.device)


def give_back() -> None:
    """Frees what jobs have left behind. If one ran out of memory, nothing may hold its exception any more."""
    gc.collect()
    if cuda := _cuda("cuda"):
        cuda.empty_cache()


def _cuda(device: str) -> Any:
    """`torch.cuda`, if the device is one of its and something has used it already; it is never the first use."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not device.startswith("cuda") or not torch.cuda.is_initialized():
        return None
    return torch.cuda
