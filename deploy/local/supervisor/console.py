"""The terminal and the log files: all output goes to files, warnings and errors to the terminal too."""

import os
import re
import signal
import sys
from asyncio import StreamReader
from collections import deque
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from deploy.local.supervisor.log_files import LogFiles, is_routine, readable, rotate_output

COLORS = cycle(["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"])
_COLOR_CODE = re.compile(r"\x1b\[[0-9;]*m")
MAX_LINE_BYTES = 1 << 20
"""An unfinished line longer than this is printed as it is."""
MAX_TAIL_LINES = 20
"""Kept of a quiet command, to be printed if it fails."""


class Console:
    """Prints lines; once stdout is closed it sends SIGTERM to its own process.

    With `logs`, the output of each process is written to a file in that folder, and the terminal shows its
    warnings, errors and plain text (such as a traceback); with `everything` it shows all lines. Where the
    output goes to the file `terminal` instead, that file is bounded like the others.
    """

    def __init__(
        self,
        logs: Path | None = None,
        *,
        everything: bool = True,
        width: int = 10,
        terminal: Path | None = None,
    ) -> None:
        self._files = LogFiles(logs, self.report) if logs else None
        self._everything = everything
        self._terminal = terminal
        self._width = width
        self._colors = {"parley": "1"}
        self._tty = sys.stdout.isatty()

    def line(self, name: str, text: str) -> None:
        """Print a line with the process name in front; may block while the terminal does."""
        prefix = f"{name:<{self._width}}"
        if self._tty:
            color = self._colors.setdefault(name, next(COLORS))
            prefix = f"\x1b[{color}m{prefix}\x1b[0m"
        self._print(f"{prefix} {text}")

    def report(self, text: str) -> None:
        """Print a line of the supervisor itself."""
        self.line("parley", text)

    def report_detail(self, text: str) -> None:
        """Print a line of the supervisor if all log lines are shown."""
        if self._everything:
            self.report(text)

    def announce(self, *lines: str) -> None:
        """Print lines for the user, without a name in front."""
        for line in lines:
            self._print(line)

    def replay(self, name: str, lines: Sequence[str]) -> None:
        """Print the lines of a quiet command that failed, unless they were printed already."""
        if not self._everything:
            for line in lines:
                self.line(name, readable(line))

    def log_path(self, name: str) -> Path | None:
        """Return the file that a process's output is written to, if any."""
        return self._files.path(name) if self._files else None

    async def relay(self, name: str, stream: StreamReader, *, quiet: bool = False) -> list[str]:
        """Write and print a child's output until it ends, whatever its line lengths; return its last lines.

        With `quiet` nothing is printed unless all log lines are shown.
        """
        rest, tail = b"", deque[str](maxlen=MAX_TAIL_LINES)
        while chunk := await stream.read(1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > MAX_LINE_BYTES:
                lines, rest = [*lines, rest], b""
            tail.extend(self._relay_lines(name, lines, quiet))
        tail.extend(self._relay_lines(name, [rest], quiet))
        return list(tail)

    def _relay_lines(self, name: str, lines: list[bytes], quiet: bool) -> list[str]:
        """Strip colors, which Maven sends even where they are off, and drop empty lines."""
        texts = [_COLOR_CODE.sub("", line.decode(errors="replace")).rstrip() for line in lines]
        texts = [text for text in texts if text]
        if self._files and texts:
            self._files.write(name, texts)
        for text in texts:
            if self._everything:
                self.line(name, text)
            elif not quiet and not is_routine(text):
                self.line(name, readable(text))
        return texts

    def _print(self, text: str) -> None:
        try:
            print(text, flush=True)
            if self._terminal is not None:
                rotate_output(self._terminal)
        except OSError:  # a closed pipe or terminal
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
            signal.raise_signal(signal.SIGTERM)
