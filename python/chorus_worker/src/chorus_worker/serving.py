"""From a command line to a worker."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from typing import TextIO

from chorus_worker import logs, process
from chorus_worker.commandline import TEMPLATE_VARIABLE, context_of, parse, settle_threads
from chorus_worker.connection import Service
from chorus_worker.deadlines import Deadlines
from chorus_worker.engine import Context, Engine
from chorus_worker.info import info_of
from chorus_worker.memory import MemoryReports, keep_to_budget
from chorus_worker.queue import WorkQueue
from chorus_worker.slot import run_slot
from chorus_worker.template import Template
from chorus_worker.wire import Address, Wire, parse_address

_log = logging.getLogger(__name__)


def serve(engine_class: type[Engine], argv: Sequence[str] | None = None) -> None:
    """Is the worker: call it last, on the main thread. It returns when the worker's life is over.

    `argv` is the command line without the program's name; by default this process's own. The process ends with status
    0 after SIGTERM, with 1 when the engine cannot be loaded, with 2 when the command line is wrong.
    """
    arguments = parse(engine_class, argv, os.environ)
    settle_threads(os.environ)
    context = context_of(arguments, os.environ)
    stdout = process.claim_stdout()
    logs.configure()
    if arguments.doctor:
        sys.exit(_tell_findings(engine_class, context, stdout))
    stdout.close()
    process.die_with_parent(os.getppid())
    process.show_stacks_when_killed()
    engine = engine_class()
    if control := os.environ.pop(TEMPLATE_VARIABLE, None):
        _be_template(engine, context, int(control))
    else:
        engine.prepare(context)
        _live(engine, context, parse_address(arguments.uri))


def _tell_findings(engine_class: type[Engine], context: Context, stdout: TextIO) -> int:
    findings = engine_class.doctor(context)
    with stdout:
        json.dump([asdict(finding) for finding in findings], stdout, ensure_ascii=False, indent=2)
        stdout.write("\n")
    return 0 if all(finding.ok for finding in findings) else 1


def _be_template(engine: Engine, context: Context, control: int) -> None:
    with socket.socket(fileno=control) as connection:
        connection.set_inheritable(False)
        try:
            Template(engine, context, connection, _live).run()
        except Exception as error:
            # Here, while the socket is open: when it closes, Chorus kills us, and the reason must be told by then.
            sys.excepthook(type(error), error, error.__traceback__)
            sys.exit(1)


def _live(engine: Engine, context: Context, address: Address) -> None:
    """Loads a prepared engine, and serves until SIGTERM. This thread is the first slot."""
    keep_to_budget(context)
    engine.load(context)
    keep_to_budget(context)
    service = Service(info_of(engine), MemoryReports(context.device), WorkQueue(), Deadlines())
    wire = Wire(address, service, process.stop_signals())
    work = (engine, wire, service)
    slots = [
        threading.Thread(target=run_slot, args=work, name=f"slot-{number}", daemon=True)
        for number in range(1, engine.slots)
    ]
    _log.info("Listening at %s", wire.start())
    for slot in slots:
        slot.start()
    run_slot(*work)
    for slot in slots:
        slot.join()
    wire.close()
