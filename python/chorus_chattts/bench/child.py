"""Processes of ours: started with a known environment, bounded in time, and never left behind."""

import functools
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from chorus_worker.process import die_with_parent
from workbench import BenchError

STOP_SECONDS = 10.0
"""How long a process may take to end after SIGTERM."""


class Child:
    """A process that ends with the `with` that it is used in, and in any case with us."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        inherited: Sequence[int] = (),
    ) -> None:
        """Starts it, from the main thread. Its standard error goes to `log`.

        Its environment has none of the variables that would change what is measured, but those of `environment`.
        """
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CHORUS_", "OMP_", "GOMP_", "MKL_"))
        }
        self.log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**ours, **(environment or {})},
                pass_fds=inherited,
                preexec_fn=functools.partial(die_with_parent, os.getpid()),
            )

    def __enter__(self) -> "Child":
        """It runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it."""
        self.stop()

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    def line_with(self, text: str) -> str:
        """The next line of its standard output that has `text` in it."""
        output: IO[bytes] | None = self._process.stdout
        for line in output or ():
            if text in (decoded := line.decode()):
                return decoded
        raise self.trouble(f"it ended before it said “{text}”")

    def check(self) -> None:
        """Raises BenchError when it has ended."""
        if (status := self._process.poll()) is not None:
            raise self.trouble(f"it ended with status {status}")

    def trouble(self, what: str) -> BenchError:
        """An error that tells the end of its log."""
        tail = self.log.read_text(errors="replace")[-2000:]
        return BenchError(f"{self.log.stem}: {what}\nIts log ends:\n{tail}")

    def kill(self) -> None:
        """Ends it at once, and waits for that."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Asks it to end, and kills it when it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
