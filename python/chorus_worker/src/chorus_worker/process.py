"""What a worker's process owes to the one that started it."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import socket
import sys
from typing import TextIO

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def claim_stdout() -> TextIO:
    """Makes standard output another way to standard error, and returns what it was.

    So whatever libraries print, to the descriptor or to `sys.stdout`, is log lines.
    """
    sys.stdout.flush()
    claimed = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return claimed


def die_with_parent(parent: int) -> None:
    """From now on the kernel kills this process when `parent`, its parent's process number, has ended.

    See prctl(2), PR_SET_PDEATHSIG. By "parent" the kernel means the *thread* that started us: whoever starts workers
    does it from a thread that stays.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    if os.getppid() != parent:  # It ended before the kernel knew our wish.
        os._exit(1)


def show_stacks_when_killed() -> None:
    """SIGABRT, and faults, print the stacks of all Python threads to standard error before they end the process."""
    faulthandler.enable(all_threads=True)


def stop_signals() -> socket.socket:
    """Turns SIGTERM and SIGINT into bytes, their numbers, that can be read from the socket returned.

    Python runs handlers on the main thread, between two instructions of Python: too late while a model computes. The
    bytes are written by the C handler at once (`signal.set_wakeup_fd`), so another thread can act on them.
    """
    reading, writing = socket.socketpair()
    reading.setblocking(False)
    writing.setblocking(False)
    signal.set_wakeup_fd(writing.detach(), warn_on_full_buffer=False)
    for number in signal.SIGTERM, signal.SIGINT:
        signal.signal(number, lambda *_: None)
    return reading
