"""Log files, one a process, bounded and readable by their owner only; JSON log lines as readable text."""

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

MAX_BYTES = 64 << 20
"""Size at which a log file is renamed to `<name>.log.1`, replacing the previous one."""
_STDOUT, _STDERR = 1, 2
"""File descriptors."""
ROUTINE_LEVELS = ('"level": "info"', '"level": "debug"')
CONTEXT_KEYS = ("event", "level", "timestamp", "service", "exception")
"""Keys of a log record that are not shown as `key=value`."""


class LogFiles:
    """The log files in `folder`; `warn` is called once for each that cannot be written."""

    def __init__(self, folder: Path, warn: Callable[[str], None], max_bytes: int = MAX_BYTES) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        self._folder = folder
        self._warn = warn
        self._max_bytes = max_bytes
        self._unwritable: set[str] = set()

    def path(self, name: str) -> Path:
        """Return the file of a process."""
        return self._folder / f"{name}.log"

    def write(self, name: str, lines: Sequence[str]) -> None:
        """Append lines to the file of a process; raise nothing: a full disk must not stop the stack."""
        try:
            self._append(self.path(name), "".join(f"{line}\n" for line in lines).encode())
        except OSError as error:
            if name not in self._unwritable:
                self._warn(f"cannot write {self.path(name)}: {error}")
            self._unwritable.add(name)

    def _append(self, path: Path, data: bytes) -> None:
        """Opened for each batch, so that a deleted file comes back."""
        with suppress(FileNotFoundError):
            if path.stat().st_size + len(data) > self._max_bytes:
                path.rename(path.with_name(f"{path.name}.1"))
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
            file.write(data)


def rotate_output(path: Path, max_bytes: int = MAX_BYTES) -> None:
    """When this process writes its output to the file `path` and that is full, go on with an empty file and
    keep the full one as `<name>.1`, in place of the one before."""
    with suppress(OSError):  # deleted, or the disk is full: the output goes on where it is
        status = os.fstat(_STDOUT)
        if status.st_size <= max_bytes or not os.path.samestat(status, path.stat()):
            return
        path.rename(path.with_name(f"{path.name}.1"))
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
            for output in (_STDOUT, _STDERR):
                if os.path.samestat(os.fstat(output), status):
                    os.dup2(file.fileno(), output)


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
