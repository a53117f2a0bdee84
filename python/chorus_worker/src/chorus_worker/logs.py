"""Logging: one JSON object a line, on standard error, for the whole process."""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import datetime, timezone
from io import TextIOWrapper
from types import TracebackType

_log = logging.getLogger("chorus_worker")


class JSONFormatter(logging.Formatter):
    """`{"time", "level", "logger", "message"}`, and "exception" with a traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the message holds."""
        line = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure() -> None:
    """Sends logs (from "info" on), warnings and uncaught exceptions of all threads to standard error."""
    if isinstance(sys.stderr, TextIOWrapper):
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    _log.critical("The worker ends: %s: %s", kind.__name__, error, exc_info=(kind, error, traceback))


def _uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    error = arguments.exc_value or arguments.exc_type()
    name = arguments.thread.name if arguments.thread else "?"
    information = (arguments.exc_type, error, arguments.exc_traceback)
    _log.error("Thread %s ended: %s: %s", name, arguments.exc_type.__name__, error, exc_info=information)
