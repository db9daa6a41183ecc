"""A program to run, its readiness check and its stop signal, and the child process that it becomes."""

import asyncio
import os
import pwd
import signal
import sys
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from deploy.local import programs
from deploy.local.paths import ROOT


async def always_ready() -> bool:
    """The readiness check of a process that is ready as soon as it runs."""
    return True


@dataclass(frozen=True)
class Process:
    """One process of the stack."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's environment."""
    is_ready: Callable[[], Awaitable[bool]] = always_ready
    """Polled every 50 ms; must return within about a second."""
    ports: Sequence[int] = ()
    """The ports it binds."""
    user: str | None = None
    """Run as this user; only root can."""
    log: Path | None = None
    """Write the output to this file instead of the terminal."""
    quiet: bool = False
    """Show the output only if the process fails."""
    stop_signal: signal.Signals = signal.SIGTERM
    """Requests a graceful shutdown."""
    stop_timeout: float = 12.0
    """Seconds after that signal until it is killed."""
    parent_death_signal: signal.Signals = signal.SIGKILL
    """Sent by the kernel when the supervisor dies."""

    async def spawn(self) -> "Child":
        """Start it in its own process group, so that on Ctrl-C the supervisor decides the stop order."""
        log_offset = self.log.stat().st_size if self.log and self.log.exists() else 0
        pipe, output = (None, self.log.open("ab")) if self.log else await _open_pipe()
        with output:
            process = await asyncio.create_subprocess_exec(
                *die_with_parent(self.parent_death_signal, self.user),
                *self.argv,
                env={**os.environ, **self.env},
                cwd="/" if self.user else ROOT,
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
                process_group=0,
            )
        return Child(process, pipe, log_offset)


@dataclass(frozen=True)
class OutputPipe:
    """The reading end of a child's output."""

    stream: asyncio.StreamReader
    transport: asyncio.ReadTransport


@dataclass(frozen=True)
class Child:
    """A started process."""

    process: asyncio.subprocess.Process
    output: OutputPipe | None
    """None when it writes to its log file."""
    log_offset: int
    """Size of the log file in bytes before this child wrote to it."""


async def _open_pipe() -> tuple[OutputPipe, IO[bytes]]:
    """Return a pipe's reading and writing end.

    With asyncio's own pipe, `Process.wait` would also wait for grandchildren that hold it open.
    """
    read_end, write_end = os.pipe()
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(read_end, "rb")
    )
    return OutputPipe(stream, transport), os.fdopen(write_end, "wb")


RunCommand = Callable[[Process], Awaitable[None]]
"""Runs a command to completion; raises UserError if it fails."""


def die_with_parent(death_signal: signal.Signals, user: str | None = None) -> list[str]:
    """Return the command prefix that sends `death_signal` when the parent dies, and switches to `user`."""
    prefix = [str(programs.find("setpriv")), f"--pdeathsig={death_signal.name.removeprefix('SIG')}"]
    if user:
        prefix += [f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"]
    return prefix


def module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of this project in the current interpreter."""
    return [sys.executable, "-m", name, *arguments]
