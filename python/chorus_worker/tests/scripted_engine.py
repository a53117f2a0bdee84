"""An engine that does what the text of a job says, for the tests."""

# ruff: noqa: ARG002 (All deeds have the same parameters; most need but one.)

import argparse
import ctypes
import inspect
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import numpy as np

from chorus_worker import (
    JSON,
    Audio,
    BadRequest,
    Context,
    Engine,
    Finding,
    Job,
    NothingToSay,
    OutOfMemory,
    Voice,
    VoiceRecipe,
    serve,
)

RATE = 8_000


class OutOfMemoryError(RuntimeError):
    """Looks like PyTorch's."""


OutOfMemoryError.__module__ = "torch"


class Scripted(Engine):
    """The first word of a text is the name of a method below, what follows is for that."""

    name = "scripted"
    description = "does what it is told"
    version = "7"
    attribution = ("Chorus", "https://example.org")
    sample_rate = RATE
    options = ("temperature", "deep")

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        """What else the tests decide."""
        parser.add_argument("--slots", type=int, default=1)
        parser.add_argument("--fail", choices=["prepare", "load", "thread"])
        parser.add_argument("--pretend-cuda", action="store_true")

    @classmethod
    def doctor(cls, context: Context) -> list[Finding]:
        """One finding of each kind."""
        print("a library greets")
        bad = Finding(
            "a GPU", ok=context.device == "cuda:0", detail=f"the device is {context.device}", remedy="buy 一个"
        )
        return [Finding("Python", ok=True, detail="is here"), bad]

    def prepare(self, context: Context) -> None:
        """Remembers that it was called, and in which process."""
        self.prepared_by = os.getpid()
        self.inheritable = [descriptor for descriptor in descriptors() if os.get_inheritable(descriptor)]
        np.random.seed(1)
        if context.arguments.fail == "prepare":
            raise FileNotFoundError("the weights are missing")
        if context.arguments.fail == "thread":
            threading.Thread(target=threading.Event().wait, name="left-behind", daemon=True).start()
        if context.arguments.pretend_cuda:
            cuda = SimpleNamespace(is_initialized=lambda: True, empty_cache=lambda: print("the cache was emptied"))
            sys.modules["torch"] = cast(ModuleType, SimpleNamespace(cuda=cuda))

    def load(self, context: Context) -> None:
        """Remembers what it was told."""
        if context.arguments.fail == "load":
            raise RuntimeError("the weights do not fit")
        self.context = context
        self.slots = context.arguments.slots
        self.audio: dict[int, Generator[Audio, None, None]] = {}

    def voices(self) -> list[Voice]:
        """Two."""
        return [Voice("one", ("en", "zh"), "The first"), Voice("two")]

    def synthesize(self, job: Job) -> Iterator[Audio]:
        """Does what the text says. What came of the job before has to be over."""
        slot = threading.get_ident()
        if slot in self.audio:
            assert inspect.getgeneratorstate(self.audio[slot]) == inspect.GEN_CLOSED
        self.audio[slot] = self.deeds(job)
        return self.audio[slot]

    def deeds(self, job: Job) -> Generator[Audio, None, None]:
        """What the text says."""
        word, _, rest = job.text.partition(" ")
        yield from getattr(self, f"do_{word}")(job, rest)

    def make_voice(self, recipe: VoiceRecipe) -> dict[str, JSON]:
        """A speaker that tells what it was made of."""
        if recipe.code == "bad":
            raise BadRequest("the code is bad")
        if recipe.code == "strange":
            return {"key": object()}
        return {
            "seed": recipe.seed,
            "code": recipe.code,
            "bytes": len(recipe.recording or b""),
            "rate": recipe.sample_rate,
            "text": recipe.text,
        }

    def do_bytes(self, job: Job, count: str) -> Iterator[Audio]:
        """So many samples, 0, 1, 2 … in one piece."""
        yield np.arange(int(count)).astype("<i2").tobytes()

    def do_int16(self, job: Job, rest: str) -> Iterator[Audio]:
        """An array of integers, between two without any."""
        yield np.zeros(0, np.int16)
        yield np.array([-32768, 0, 32767], np.int16)
        yield np.zeros(0, np.float32)

    def do_float(self, job: Job, rest: str) -> Iterator[Audio]:
        """An array of floats, some out of range."""
        yield np.array([-2, -1, 0, 0.5, 1, 3], np.float32)

    def do_nan(self, job: Job, rest: str) -> Iterator[Audio]:
        """Not a number, after some that are."""
        yield np.zeros(8, np.float32)
        yield np.array([0, np.nan], np.float32)

    def do_silence(self, job: Job, rest: str) -> Iterator[Audio]:
        """No audio at all."""
        yield b""

    def do_tell(self, job: Job, rest: str) -> Iterator[Audio]:
        """A note of what the job and the process look like."""
        threads = [thread.name for thread in threading.enumerate() if thread is not threading.current_thread()]
        main = threading.current_thread() is threading.main_thread()
        job.note(
            f"{job.text}|{job.voice}|{job.speaker}|{job.seed}|{dict(job.options)}|{self.context.device}"
            f"|{self.context.instance}|{self.context.threads}|{self.context.memory_bytes}|{main}|{sorted(threads)}"
        )
        yield b"\0\0"

    def do_process(self, job: Job, rest: str) -> Iterator[Audio]:
        """Notes of the process."""
        job.note(f"{os.getpid()} {self.prepared_by} {os.getpgrp()}")
        job.note(repr([os.readlink(f"/proc/self/fd/{descriptor}") for descriptor in descriptors()]))
        job.note(repr([name for name in os.environ if name.startswith("CHORUS_")]))
        job.note(repr(np.random.random()))
        job.note(os.environ["OMP_NUM_THREADS"])
        job.note(repr(self.inheritable))
        yield b"\0\0"

    def do_budget(self, job: Job, rest: str) -> Iterator[Audio]:
        """A note of what a program that the process starts is told of memory."""
        job.note(subprocess.check_output(["printenv", "CHORUS_MEMORY_BYTES"], text=True).strip())
        yield b"\0\0"

    def do_note(self, job: Job, rest: str) -> Iterator[Audio]:
        """A note that is far too long, and one that is no Unicode, after the beginning."""
        yield b"\0\0"
        job.note("长" * 4096)
        job.note("\ud800")

    def do_raise(self, job: Job, rest: str) -> Iterator[Audio]:
        """An exception, or one that was raised because of another."""
        if rest == "chained":
            raise ValueError("half done") from MemoryError()
        raise {
            "bad": BadRequest("say something else"),
            "nothing": NothingToSay("it is all smoke"),
            "memory": OutOfMemory("no room"),
            "python": MemoryError(),
            "torch": OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."),
            "key": KeyError("nonsense \ud800"),
            "exit": SystemExit(3),
            "late": ValueError("late"),
        }[rest]

    def do_late(self, job: Job, rest: str) -> Iterator[Audio]:
        """Some audio, then an exception."""
        yield b"\0\0"
        yield from self.do_raise(job, "late")

    def do_gate(self, job: Job, path: str) -> Iterator[Audio]:
        """Waits until somebody opens a FIFO for writing; a note tells that it waits."""
        job.note("waiting")
        Path(path).read_bytes()
        yield b"\0\0"

    def do_until(self, job: Job, rest: str) -> Iterator[Audio]:
        """Waits until it is cancelled, by callback."""
        stop = threading.Event()
        with job.on_cancel(stop.set):
            self.wait_for_cancel(job, stop)
        job.note(f"cancelled is {job.cancelled}")
        return iter(())

    def do_crowded(self, job: Job, rest: str) -> Iterator[Audio]:
        """Lets the process open nothing more until it is cancelled."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        stop = threading.Event()
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        with job.on_cancel(stop.set):
            self.wait_for_cancel(job, stop)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return iter(())

    def wait_for_cancel(self, job: Job, stop: threading.Event) -> None:
        """A name to look for in a stack."""
        job.note("waiting")
        stop.wait()

    def do_steps(self, job: Job, rest: str) -> Iterator[Audio]:
        """Makes steps until it is cancelled."""
        while not job.cancelled:
            job.progress()
            time.sleep(0.005)
        yield b"\0\0"

    def do_empty(self, job: Job, rest: str) -> Iterator[Audio]:
        """Parts without audio, until it is cancelled."""
        while not job.cancelled:
            yield b""
            time.sleep(0.005)

    def do_stuck(self, job: Job, rest: str) -> Iterator[Audio]:
        """A call into C that never comes back and lets no other thread run Python."""
        job.note("waiting")
        self.call_into_c()
        return iter(())

    def call_into_c(self) -> None:
        """A name to look for in a stack."""
        ctypes.PyDLL(None).sleep(1_000_000)

    def do_endless(self, job: Job, rest: str) -> Iterator[Audio]:
        """Audio for ever; it never looks whether somebody wants it."""
        while True:
            yield bytes(2 * RATE)

    def do_print(self, job: Job, rest: str) -> Iterator[Audio]:
        """Writes to standard output in every way there is."""
        print("printed 一")
        os.write(1, b"written\n")
        subprocess.run(["echo", "echoed"], check=True)
        yield b"\0\0"


def descriptors() -> list[int]:
    """Those that this process has open."""
    with os.scandir("/proc/self/fd") as entries:
        listed = [int(entry.name) for entry in entries]
    return [descriptor for descriptor in listed if is_open(descriptor)]


def is_open(descriptor: int) -> bool:
    """Whether it is: that with which the directory was read is not any more."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    print("greetings", file=sys.stderr)
    serve(Scripted)
