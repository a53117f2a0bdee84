"""The template process: it prepares an engine once, and instances are forked from it.

A fork takes milliseconds where a start takes seconds, and what was prepared is shared by all instances, page by page,
until somebody writes to it. Chorus asks for forks over a SOCK_SEQPACKET socket; each packet is a JSON message, some
carry a file descriptor (docs/WORKERS.md).

A forked child has only the thread that forked. So there is but one in the template, and nothing is prepared with
threads: OpenMP's would be gone in the child, which then waits for them for ever.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeAlias

from chorus_worker import process
from chorus_worker.commandline import MEMORY_VARIABLE, THREADS_VARIABLE
from chorus_worker.engine import Context, Engine
from chorus_worker.values import JSON
from chorus_worker.wire import Address, parse_address

MAX_MESSAGE_BYTES = 16 * 1024
"""Longer packets are cut by the kernel, and then are no JSON."""

Live: TypeAlias = Callable[[Engine, Context, Address], None]
"""Loads an engine and serves until the end."""


@dataclass(frozen=True)
class _Birth:
    """A child that Chorus asks for."""

    address: Address
    device: str
    instance: str | None
    memory_bytes: int | None
    """Its budget; None: that of the template."""
    output: int
    """The descriptor that becomes its standard output and error."""


class Template:
    """A prepared engine, and the socket to Chorus."""

    def __init__(self, engine: Engine, context: Context, control: socket.socket, live: Live) -> None:
        """`context` is that of the instances, but for `device` and `instance`; `control` is connected to Chorus."""
        self._engine = engine
        self._context = context
        self._control = control
        self._live = live
        self._children: set[int] = set()

    def run(self) -> None:
        """Prepares, then forks until Chorus closes the socket. Raises what `prepare` raises."""
        self._prepare()
        self._send({"type": "ready"})
        while True:
            packet, descriptors, _, _ = socket.recv_fds(self._control, MAX_MESSAGE_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
            if not packet:
                return
            message = json.loads(packet)
            match message["type"]:
                case "fork":
                    self._fork(message, descriptors)
                case "reap":
                    self._reap(message["pid"])

    def _prepare(self) -> None:
        os.environ[THREADS_VARIABLE] = "1"  # For what prepare() imports;
        _limit_threads(1)  # and for what is imported already.
        self._engine.prepare(replace(self._context, threads=1))
        names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
        if names:
            raise RuntimeError(f"prepare() left threads running ({', '.join(names)}): a fork would lose them")
        torch: Any = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_initialized():
            raise RuntimeError("prepare() used CUDA, which does not survive a fork; use it in load()")
        gc.collect()
        gc.freeze()  # The collector no longer writes to what is shared.

    def _fork(self, message: dict[str, JSON], descriptors: list[int]) -> None:
        number = message["id"]
        try:
            if not descriptors:
                raise ValueError("no descriptor came with it for the instance's output")
            address = parse_address(message["uri"])
            budget = _budget(message.get("memory_bytes"))
            pid, pidfd = self._bear(_Birth(address, message["device"], message.get("instance"), budget, descriptors[0]))
        except (OSError, ValueError) as error:
            self._send({"type": "failed", "id": number, "reason": f"{type(error).__name__}: {error}"})
        else:
            self._children.add(pid)
            self._send({"type": "forked", "id": number, "pid": pid}, pidfd)
            os.close(pidfd)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _bear(self, birth: _Birth) -> tuple[int, int]:
        """Forks. Returns the child's process number and a pidfd of it, in the template only."""
        sys.stderr.flush()
        template = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._be_instance(birth, template)
        try:
            # The child does it, too: whoever comes first, the group is there when Chorus hears of it.
            os.setpgid(pid, pid)
            return pid, os.pidfd_open(pid)
        except OSError:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise

    def _be_instance(self, birth: _Birth, template: int) -> NoReturn:
        """The child's whole life. It must not return into the template's code, nor run its exit handlers."""
        status = 1
        try:
            os.setpgid(0, 0)
            process.die_with_parent(template)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            self._control.close()
            _redirect(birth.output)
            os.environ[THREADS_VARIABLE] = str(self._context.threads)
            _limit_threads(self._context.threads)
            _reseed()
            context = replace(self._context, device=birth.device, instance=birth.instance)
            if birth.memory_bytes is not None:
                os.environ[MEMORY_VARIABLE] = str(birth.memory_bytes)
                context = replace(context, memory_bytes=birth.memory_bytes)
            self._live(self._engine, context, birth.address)
            status = 0
        except BaseException as error:
            sys.excepthook(type(error), error, error.__traceback__)
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _reap(self, pid: int) -> None:
        """Only when told: until then the number is the child's, and cannot mean another process."""
        self._children.remove(pid)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self._send({"type": "reaped", "pid": pid, **({"status": code} if code >= 0 else {"signal": -code})})

    def _send(self, message: dict[str, JSON], *descriptors: int) -> None:
        socket.send_fds(self._control, [json.dumps(message).encode()], descriptors)


def _budget(value: JSON) -> int | None:
    if value is None or (type(value) is int and value > 0):
        return value
    raise ValueError(f"memory_bytes is {value!r:.50}; it must be a whole number above 0")


def _redirect(output: int) -> None:
    """Standard input is empty; standard output and error go to a descriptor, which is closed then."""
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in (null, 0), (output, 1), (output, 2):
        os.dup2(source, target)
    os.close(null)
    os.close(output)


def _limit_threads(count: int) -> None:
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(count)


def _reseed() -> None:
    """Random numbers of a child are its own, not its siblings'. (Python's own module sees to itself.)"""
    numpy_random: Any = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.seed()
