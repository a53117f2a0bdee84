"""What a worker is told when it is started: flags and variables of the environment."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, MutableMapping, Sequence

from chorus_worker.engine import Context, Engine
from chorus_worker.wire import parse_address

TEMPLATE_VARIABLE = "CHORUS_TEMPLATE_FD"
MEMORY_VARIABLE = "CHORUS_MEMORY_BYTES"
THREADS_VARIABLE = "OMP_NUM_THREADS"


def parse(engine: type[Engine], argv: Sequence[str] | None, environment: Mapping[str, str]) -> argparse.Namespace:
    """The flags every worker knows, and the engine's own. Ends the process with status 2 if they are wrong."""
    parser = argparse.ArgumentParser(prog=engine.name, description=engine.description or None)
    parser.add_argument("--uri", metavar="URI", help="where to listen: unix:///path/to.sock or tcp://host:port")
    parser.add_argument("--device", default="cpu", help="where the model's memory lives: cpu, cuda:0 (default: cpu)")
    parser.add_argument("--instance", metavar="NAME", help="this instance's name, for logs")
    parser.add_argument("--doctor", action="store_true", help="say, as JSON, what is missing on this machine, and end")
    engine.add_arguments(parser)
    arguments = parser.parse_args(argv)
    try:
        context_of(arguments, environment)
        if arguments.uri is not None:
            parse_address(arguments.uri)
        elif not arguments.doctor and TEMPLATE_VARIABLE not in environment:
            raise ValueError("--uri is missing; say where to listen, such as --uri unix:///tmp/worker.sock")
    except ValueError as error:
        parser.error(str(error))
    return arguments


def context_of(arguments: argparse.Namespace, environment: Mapping[str, str]) -> Context:
    """Where the engine runs and what it may use. Raises ValueError that says what is wrong."""
    return Context(
        device=arguments.device,
        instance=arguments.instance,
        threads=_number(environment, THREADS_VARIABLE) or 1,
        memory_bytes=_number(environment, MEMORY_VARIABLE),
        arguments=arguments,
    )


def settle_threads(environment: MutableMapping[str, str]) -> None:
    """One thread for each instance unless somebody wants more, and threads that sleep while they wait.

    It must be done before an OpenMP library is loaded. More threads than cores, waiting actively as is OpenMP's
    default, make a model ten times slower.
    """
    environment.setdefault(THREADS_VARIABLE, "1")
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _number(environment: Mapping[str, str], name: str) -> int | None:
    value = environment.get(name)
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or int(value) == 0:
        raise ValueError(f"{name} is {value!r}; it must be a whole number above 0")
    return int(value)
