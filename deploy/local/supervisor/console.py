"""The terminal and the log files: all output goes to files, what matters to the terminal too."""

import os
import re
import signal
import sys
from asyncio import StreamReader
from collections import deque
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from deploy.local.supervisor.log_files import LogFiles, is_routine, readable

COLOURS = cycle(["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"])
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
LONGEST = 1 << 20
"""Bytes after which a line without an end is shown as it is."""
TAIL = 20
"""Lines kept of a quiet command, to be shown if it fails."""


class Console:
    """Prints lines; when nobody reads them any more it asks its own process to stop.

    With `logs`, everything a process prints is written to a file in that folder, and the terminal shows
    its warnings, errors and plain text (a traceback, say); with `everything` it shows the rest too.
    """

    def __init__(self, logs: Path | None = None, *, everything: bool = True, width: int = 10) -> None:
        self._files = LogFiles(logs, self.say) if logs else None
        self._everything = everything
        self._width = width
        self._colours = {"parley": "1"}
        self._tty = sys.stdout.isatty()

    def line(self, name: str, text: str) -> None:
        """May block while the terminal does."""
        front = f"{name:<{self._width}}"
        if self._tty:
            colour = self._colours.setdefault(name, next(COLOURS))
            front = f"\x1b[{colour}m{front}\x1b[0m"
        self._print(f"{front} {text}")

    def say(self, text: str) -> None:
        """A line of the supervisor itself."""
        self.line("parley", text)

    def detail(self, text: str) -> None:
        """A line of the supervisor that only a reader of all logs wants."""
        if self._everything:
            self.say(text)

    def announce(self, *lines: str) -> None:
        """Lines for the user, without a name in front."""
        for line in lines:
            self._print(line)

    def replay(self, name: str, lines: Sequence[str]) -> None:
        """Print the lines of a quiet command that failed, unless they have been printed."""
        if not self._everything:
            for line in lines:
                self.line(name, readable(line))

    def log_of(self, name: str) -> Path | None:
        """The file that a process's output is written to."""
        return self._files.path(name) if self._files else None

    async def relay(self, name: str, stream: StreamReader, *, quiet: bool = False) -> list[str]:
        """Writes and prints a child's output until it ends, however long its lines are; its last lines.

        With `quiet` the terminal shows nothing of it.
        """
        rest, tail = b"", deque[str](maxlen=TAIL)
        while chunk := await stream.read(1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST:
                lines, rest = [*lines, rest], b""
            tail.extend(self._child(name, lines, quiet))
        tail.extend(self._child(name, [rest], quiet))
        return list(tail)

    def _child(self, name: str, lines: list[bytes], quiet: bool) -> list[str]:
        """Colours are the terminal's business: Maven sends them even when told not to, on empty lines."""
        texts = [_COLOUR.sub("", line.decode(errors="replace")).rstrip() for line in lines]
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
        except OSError:  # a closed pipe or terminal
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
            signal.raise_signal(signal.SIGTERM)
