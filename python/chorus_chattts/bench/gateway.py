"""A running `chorus serve` with ChatTTS."""

import json
import os
import time
from collections.abc import Callable
from typing import Any, cast

from asking import get
from child import Child
from workbench import PATIENCE, BenchError, Workbench

POLL_INTERVAL = 0.002
"""Seconds between two looks at the pool."""

Instance = dict[str, Any]


class Gateway:
    """Used in a `with`, at whose end it is gone with its workers."""

    def __init__(self, workbench: Workbench, name: str, *, instances: int, template: bool) -> None:
        """Starts it. It is at full strength when the `with` begins."""
        if not os.access(workbench.chorus, os.X_OK):
            raise BenchError(f"{workbench.chorus} is not there; build it: make release")
        placeholders = ["--uri", "{uri}", "--device", "{device}", "--instance", "{instance}"]
        engine = {
            "name": "chattts",
            "command": [*workbench.worker_command(), *placeholders],
            "devices": ["cpu"],
            "instances": instances,
            "template": template,
            "load_timeout": f"{PATIENCE:.0f}s",
        }
        state = workbench.directory / f"{name}-state"
        configuration = workbench.directory / f"{name}.yaml"
        content = {"listen": "127.0.0.1:0", "state_dir": str(state), "engines": [engine]}
        configuration.write_text(json.dumps(content))  # JSON is YAML.
        command = [str(workbench.chorus), "serve", "--config", str(configuration)]
        self._process = Child(command, workbench.directory / f"{name}.log")

    def __enter__(self) -> "Gateway":
        """Waits until every instance is loaded."""
        try:
            address = self._process.line_with("Listening on ").partition("Listening on ")[2].split()[0]
            self.port = int(address.rstrip("/").rpartition(":")[2])
            self._wait(lambda: all(each["state"] == "ready" for each in self.instances()), "every instance is loaded")
        except BaseException:
            self._process.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it, and its workers with it."""
        self._process.stop()

    def instances(self) -> list[Instance]:
        """What the pool says of each instance."""
        status, body = get(self.port, "/v1/pool", PATIENCE)
        if status != 200:
            raise self._process.trouble(f"/v1/pool answered with {status}")
        return cast(list[Instance], json.loads(body)["instances"])

    def jobs_done(self) -> int:
        """Jobs that ended well so far."""
        return sum(each["jobs_done"] for each in self.instances())

    def until_ready_again(self, instance: Instance, kill: Callable[[int], None]) -> float:
        """Seconds from an instance's death by `kill` until it is ready again."""
        number = self.instances().index(instance)
        start = time.perf_counter()
        kill(instance["pid"])

        def is_back() -> bool:
            now = self.instances()[number]
            return bool(now["restarts"] > instance["restarts"] and now["state"] == "ready")

        self._wait(is_back, "the instance is back")
        return time.perf_counter() - start

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            self._process.check()
            if time.monotonic() > end:
                raise self._process.trouble(f"waited {PATIENCE:g} s in vain until {what}")
            time.sleep(POLL_INTERVAL)
