"""A template process, and what Chorus does with it: fork instances, notice their death, have them reaped."""

import json
import os
import select
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from child import Child
from instance import THREADS, Slot
from workbench import PATIENCE, BenchError, Workbench


@dataclass(frozen=True)
class Copy:
    """A forked instance."""

    pid: int
    pidfd: int
    slot: Slot


class Template:
    """A running template; used in a `with`, at whose end its copies and itself are gone."""

    def __init__(self, workbench: Workbench, name: str, environment: Mapping[str, str] = THREADS) -> None:
        """Starts it, and does not wait."""
        self._workbench = workbench
        self._name = name
        self._log = (workbench.directory / f"{name}.log").open("ab")
        self._births = 0
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(PATIENCE)
        with theirs:
            number = theirs.fileno()
            self._process = Child(
                [*workbench.worker_command(), "--device", "cpu"],
                workbench.directory / f"{name}.log",
                environment={**environment, "CHORUS_TEMPLATE_FD": str(number)},
                inherited=[number],
            )

    def __enter__(self) -> "Template":
        """Waits until it is prepared."""
        try:
            self._receive("ready")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Ends it and its copies."""
        self._control.close()  # Its children end with it.
        self._process.stop()
        self._log.close()

    @property
    def pid(self) -> int:
        """The template's process number."""
        return self._process.pid

    def fork(self) -> Copy:
        """A new instance; returns when it is ready."""
        self._births += 1
        path = self._workbench.directory / f"{self._name}-{self._births}.sock"
        request = {"type": "fork", "id": self._births, "uri": f"unix://{path}", "device": "cpu", "instance": self._name}
        socket.send_fds(self._control, [json.dumps(request).encode()], [self._log.fileno()])
        answer, descriptors = self._receive("forked")
        return Copy(answer["pid"], descriptors[0], Slot(path, self._process.check))

    def bury(self, copy: Copy) -> None:
        """Kills an instance as Chorus does, and returns when nothing is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(copy.pid, signal.SIGKILL)
        poll = select.poll()
        poll.register(copy.pidfd, select.POLLIN)
        if not poll.poll(PATIENCE * 1000):
            raise BenchError(f"process {copy.pid} does not die")
        self._control.send(json.dumps({"type": "reap", "pid": copy.pid}).encode())
        self._receive("reaped")
        os.close(copy.pidfd)
        copy.slot.close()

    def _receive(self, kind: str) -> tuple[dict[str, Any], list[int]]:
        packet, descriptors, _, _ = socket.recv_fds(self._control, 16 * 1024, 1)
        message: dict[str, Any] = json.loads(packet or b"{}")
        if message.get("type") != kind:
            raise self._process.trouble(f"the template answered {message} instead of “{kind}”")
        return message, descriptors
