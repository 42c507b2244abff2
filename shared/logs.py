"""Logs: one JSON object per line in containers, readable lines on a terminal. All logs go to stderr, and to a
file if one is configured."""

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TextIO

LOGGER: Final = logging.getLogger("reelwright")
_SEVERITIES: Final = {"DEBUG": "DEBUG", "INFO": "INFO", "WARNING": "WARNING", "ERROR": "ERROR"}


def set_up_logs(
    *,
    level: str,
    log_format: str,
    stream: TextIO | None = None,
    file: Path | None = None,
    about: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write this project's logs to `stream` (stderr) as `json`, `text`, or by whether it is a terminal, and
    as JSON to the end of `file`, which is created with its folder, for its owner alone. `about` is in every
    line of JSON, e.g. the job ID of a process that has one. Raises `OSError` if the file can't be written."""
    stream = stream or sys.stderr
    as_text = log_format == "text" or (log_format == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_TextFormatter() if as_text else _JsonFormatter(about))
    for old in LOGGER.handlers:
        old.close()
    LOGGER.handlers[:] = [handler, *([_file_handler(file, about)] if file else [])]
    LOGGER.setLevel(level.upper())
    LOGGER.propagate = False


def _file_handler(file: Path, about: Mapping[str, Any]) -> logging.Handler:
    file.parent.mkdir(0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(_JsonFormatter(about))
    return handler


def log(severity: int, action: str, message: str, *, exc_info: bool = False, **data: Any) -> None:
    """Log `message` (a sentence); `action` is a stable name to search for, `data` the numbers."""
    LOGGER.log(severity, message, exc_info=exc_info, extra={"action": action, "data": data})


class _JsonFormatter(logging.Formatter):
    """Writes the fields that Cloud Logging reads from a JSON line (severity, message, time), those that
    people filter by (level, event, job_id), and ours."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        super().__init__()
        self._about = about

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "severity": _SEVERITIES.get(record.levelname, "DEFAULT"),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "event": getattr(record, "action", record.name),
            "action": getattr(record, "action", record.name),
            **self._about,
            **getattr(record, "data", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        clock = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        mark = "" if record.levelno < logging.WARNING else f"{record.levelname.lower()}: "
        text = f"{clock} {mark}{record.getMessage()}"
        return text + "\n" + self.formatException(record.exc_info) if record.exc_info else text
