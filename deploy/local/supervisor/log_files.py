"""Log files, one a process, bounded and readable by their owner only; JSON log lines as readable text."""

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
"""Size at which a log file is renamed to `<name>.log.1`, replacing the previous one."""
ROUTINE_LEVELS = ('"level": "info"', '"level": "debug"')
CONTEXT_KEYS = ("event", "level", "timestamp", "service", "exception")
"""Keys of a log record that are not shown as `key=value`."""


class LogFiles:
    """The log files in `folder`; `warn` is called once for a file that cannot be written."""

    def __init__(self, folder: Path, warn: Callable[[str], None], max_bytes: int = MAX_BYTES) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        self._folder = folder
        self._warn = warn
        self._max_bytes = max_bytes
        self._files: dict[str, _File] = {}

    def path(self, name: str) -> Path:
        """Return the file of a process."""
        return self._folder / f"{name}.log"

    def write(self, name: str, lines: Sequence[str]) -> None:
        """Append lines to the file of a process."""
        if name not in self._files:
            self._files[name] = _File(self.path(name), self._max_bytes, self._warn)
        self._files[name].emit(logging.makeLogRecord({"msg": "\n".join(lines)}))
        with suppress(OSError):  # reported already
            self._files[name].close()  # reopened by the next batch, so that a deleted file comes back


class _File(RotatingFileHandler):
    def __init__(self, path: Path, max_bytes: int, warn: Callable[[str], None]) -> None:
        self._warn: Callable[[str], None] | None = warn
        super().__init__(path, maxBytes=max_bytes, backupCount=1, encoding="utf-8", delay=True)

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")

    def handleError(self, _: logging.LogRecord) -> None:  # noqa: N802
        """Warn instead of raising: a full disk must not stop the stack."""
        if self._warn:
            self._warn(f"cannot write {self.baseFilename}: {sys.exc_info()[1]}")
        self._warn = None


def is_routine(line: str) -> bool:
    """Whether a line is a log record below warning; no text inside a record can be mistaken for its level."""
    return line.startswith("{") and any(level in line for level in ROUTINE_LEVELS)


def readable(line: str) -> str:
    """Format a JSON log record as `warning: event key=value (last line of the exception)`.

    Any other line is returned as it is.
    """
    try:
        record: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        record = {}
    if "level" not in record or "event" not in record:
        return line
    fields = [f"{key}={value}" for key, value in record.items() if key not in CONTEXT_KEYS]
    cause = str(record.get("exception", "")).strip().rpartition("\n")[2]
    return " ".join([f"{record['level']}: {record['event']}", *fields, *([f"({cause})"] if cause else [])])
