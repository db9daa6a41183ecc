"""The terminal: every line with the name of the process that wrote it in front."""

import os
import re
import signal
import sys
from asyncio import StreamReader
from itertools import cycle

COLOURS = cycle(["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"])
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
LONGEST = 1 << 20
"""Bytes after which a line without an end is shown as it is."""


class Console:
    """Prints lines; when nobody reads them any more it asks its own process to stop."""

    def __init__(self, width: int = 10) -> None:
        self._width = width
        self._colours = {"parley": "1"}
        self._tty = sys.stdout.isatty()

    def line(self, name: str, text: str) -> None:
        """May block while the terminal does."""
        front = f"{name:<{self._width}}"
        if self._tty:
            colour = self._colours.setdefault(name, next(COLOURS))
            front = f"\x1b[{colour}m{front}\x1b[0m"
        try:
            print(front, text, flush=True)
        except OSError:  # a closed pipe or terminal
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
            signal.raise_signal(signal.SIGTERM)

    def say(self, text: str) -> None:
        """A line of the supervisor itself."""
        self.line("parley", text)

    async def relay(self, name: str, stream: StreamReader) -> str:
        """Prints a child's output until it ends, however long its lines are; its last line."""
        rest, last = b"", ""
        while chunk := await stream.read(1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST:
                lines, rest = [*lines, rest], b""
            for line in lines:
                last = self._child(name, line) or last
        return self._child(name, rest) or last

    def _child(self, name: str, line: bytes) -> str:
        """Colours are the terminal's business: Maven sends them even when told not to, on empty lines."""
        text = _COLOUR.sub("", line.decode(errors="replace")).rstrip()
        if text:
            self.line(name, text)
        return text
