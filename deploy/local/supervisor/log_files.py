"""One log file per process, readable by its owner alone and bounded, and JSON log lines made readable."""

import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

MAX_BYTES = 64 << 20
"""Size at which a log file is renamed to `<name>.log.1`, replacing the one before."""
ROUTINE = ('"level": "info"', '"level": "debug"')
CONTEXT = ("event", "level", "timestamp", "service", "exception")
"""Fields of a log line that are not shown as `key=value`."""


class LogFiles:
    """The files in `folder`; `warn` is called once when one cannot be written."""

    def __init__(self, folder: Path, warn: Callable[[str], None], max_bytes: int = MAX_BYTES) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        self._folder = folder
        self._warn = warn
        self._max_bytes = max_bytes
        self._files: dict[str, _File] = {}

    def path(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def write(self, name: str, lines: Sequence[str]) -> None:
        """Append lines to the file of one process."""
        if name not in self._files:
            self._files[name] = _File(self.path(name), self._max_bytes, self._warn)
        self._files[name].emit(logging.makeLogRecord({"msg": "\n".join(lines)}))
        with suppress(OSError):  # reported already
            self._files[name].close()  # opened anew by the next batch: a file that was removed comes back


class _File(RotatingFileHandler):
    def __init__(self, path: Path, max_bytes: int, warn: Callable[[str], None]) -> None:
        self._report: Callable[[str], None] | None = warn
        super().__init__(path, maxBytes=max_bytes, backupCount=1, encoding="utf-8", delay=True)

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8")

    def handleError(self, _: logging.LogRecord) -> None:  # noqa: N802
        """A full disk must not end the stack."""
        if self._report:
            self._report(f"cannot write {self.baseFilename}: {sys.exc_info()[1]}")
        self._report = None


def is_routine(line: str) -> bool:
    """Whether a line is a log record below warning. No text inside a record can look like its level."""
    return line.startswith("{") and any(level in line for level in ROUTINE)


def readable(line: str) -> str:
    """`warning: event key=value (exception's last line)` of a JSON log record; any other line as it is."""
    try:
        record: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        record = {}
    if "level" not in record or "event" not in record:
        return line
    fields = [f"{key}={value}" for key, value in record.items() if key not in CONTEXT]
    cause = str(record.get("exception", "")).strip().rpartition("\n")[2]
    return " ".join([f"{record['level']}: {record['event']}", *fields, *([f"({cause})"] if cause else [])])
