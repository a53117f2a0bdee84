"""Does what goes wrong on purpose to processes; what callers do wrong waits for one of them."""

import heapq
import os
import signal
import time
from collections import deque
from collections.abc import Callable

from plan import CALLER_FAULTS, TEXT_FAULTS, Fault
from record import Record
from server import Server

PAUSE = 0.2, 2.5
"""Seconds that a paused process stands still, at least and at most. The pool calls 5 s hanging."""


class Harm:
    """Carries out a plan."""

    def __init__(self, server: Server, record: Record, reload: Callable[[float], str]) -> None:
        """`reload` gives the server another configuration, and says what is new in it."""
        self.armed: deque[Fault] = deque()
        """The faults that wait for somebody to call with them."""
        self._server = server
        self._record = record
        self._reload = reload
        self._paused: list[tuple[float, int]] = []
        """When each paused process may go on, and its pidfd."""

    def run(self, faults: list[Fault]) -> None:
        """Returns when everything has gone wrong that should, and everybody may go on who was paused."""
        for fault in faults:
            self._wait_until(fault.at)
            if fault.kind in TEXT_FAULTS or fault.kind in CALLER_FAULTS:
                self.armed.append(fault)
            elif fault.kind == "reload":
                self._record.fault(fault.kind, self._reload(fault.size))
            else:
                self._harm_process(fault)
        while self._paused:
            self._wait_until(self._paused[0][0])

    def _wait_until(self, moment: float) -> None:
        """Lets paused processes go on meanwhile."""
        while self._paused and self._paused[0][0] <= moment:
            until, process = heapq.heappop(self._paused)
            time.sleep(max(0, until - self._record.now()))
            _signal(process, signal.SIGCONT)
            os.close(process)
        time.sleep(max(0, moment - self._record.now()))

    def _harm_process(self, fault: Fault) -> None:
        serving = [one for one in self._server.instances() if one["state"] in ("ready", "busy")]
        if not serving:
            self._record.fault(fault.kind, "nobody is there")
            return
        victim = serving[int(fault.size * len(serving))]
        try:
            process = os.pidfd_open(victim["pid"])
        except ProcessLookupError:
            return
        match fault.kind:
            case "kill":
                _signal(process, signal.SIGKILL)
            case "pause":
                _signal(process, signal.SIGSTOP)
                seconds = PAUSE[0] + fault.size * (PAUSE[1] - PAUSE[0])
                heapq.heappush(self._paused, (self._record.now() + seconds, process))
            case "freeze":
                _signal(process, signal.SIGSTOP)
        if fault.kind != "pause":
            os.close(process)
        self._record.fault(fault.kind, f"{victim['id']}, {victim['state']}, process {victim['pid']}")


def _signal(process: int, number: signal.Signals) -> None:
    try:
        signal.pidfd_send_signal(process, number)
    except ProcessLookupError:
        return  # It has ended before.
