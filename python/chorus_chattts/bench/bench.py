"""What ChatTTS costs behind Chorus: `make bench-chattts`, or `python bench.py [figure …]`. Prints a report in markdown.

Random weights: the cost is real, the sound is noise. What is aimed at are ratios and differences within one run, on two
cores and no GPU, because a machine is seldom as fast as it was.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import births
import cost
import scaling
import servers
from figure import Figure, Section
from workbench import FULL, QUICK, BenchError, Workbench, bounded, complain, random_weights

REPOSITORY = Path(__file__).resolve().parents[3]
CORES = 2
"""The bench keeps to so many, for its figures to mean the same on any machine."""

LIMIT = 360.0
"""Seconds that one measurement may take, whatever happens."""

MEASUREMENTS: dict[str, tuple[str, Callable[[Workbench], list[Figure]]]] = {
    "cost": ("The engine, against calling `Chat.infer` directly (1 thread)", cost.measure),
    "scaling": ("Threads and instances on 2 cores", scaling.measure),
    "servers": ("4 callers at once", servers.measure),
    "births": ("Fast birth, worker processes alone", births.measure_directly),
    "births-chorus": ("Fast birth, `chorus serve`", births.measure_through_chorus),
}


def main() -> None:
    """The command."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # Leaves every `with`, and so no process behind.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    start = time.monotonic()
    assets = random_weights(arguments.assets, arguments.size)
    with tempfile.TemporaryDirectory(prefix="chorus-bench-") as directory:
        effort = QUICK if arguments.quick else FULL
        workbench = Workbench(assets, effort, arguments.chorus, Path(directory))
        sections = [_measure(name, workbench) for name in arguments.figures or MEASUREMENTS]
    print(f"# ChatTTS behind Chorus\n\n{_conditions(arguments, time.monotonic() - start)}\n")
    print("\n".join(section.markdown() for section in sections))


def _measure(name: str, workbench: Workbench) -> Section:
    title, measure = MEASUREMENTS[name]
    complain(f"measuring {name} …")
    section = Section(title)
    try:
        with bounded(LIMIT):
            section.figures += measure(workbench)
    except (BenchError, OSError) as error:
        complain(f"{name}: {error}")
        section.trouble.append(str(error).partition("\n")[0])
    return section


def _conditions(arguments: argparse.Namespace, seconds: float) -> str:
    cores = len(os.sched_getaffinity(0))
    is_a_try = arguments.quick or arguments.size == "tiny"
    worth = " A try: these figures say nothing about ChatTTS." if is_a_try else ""
    weights = arguments.assets or f"the {arguments.size} size"
    return f"Random weights ({weights}), fixed numbers of tokens, {cores} cores, no GPU; {seconds:.0f} s in all.{worth}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.py", description="What ChatTTS costs behind Chorus, with random weights."
    )
    parser.add_argument(
        "figures", nargs="*", metavar="FIGURE", help=f"{', '.join(MEASUREMENTS)}; all if nothing is said"
    )
    parser.add_argument(
        "--size", choices=("full", "tiny"), default="full", help="of the weights; figures come from `full`"
    )
    parser.add_argument("--quick", action="store_true", help="less of everything, to see that it works")
    parser.add_argument(
        "--assets", type=Path, metavar="DIR", help="other weights than those that it writes to the cache"
    )
    parser.add_argument(
        "--chorus", type=Path, metavar="FILE", default=REPOSITORY / ".build/release/chorus", help="the gateway"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.figures) - set(MEASUREMENTS):
        parser.error(f"there is no figure {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}")
    return arguments


if __name__ == "__main__":
    main()
