"""A program to run: what to start, how one sees that it is ready, and how it is asked to end."""

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


async def at_once() -> bool:
    """The probe of what is ready as soon as it runs."""
    return True


@dataclass(frozen=True)
class Process:
    """One process of the stack."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], Awaitable[bool]] = at_once
    """Asked often, answers fast."""
    ports: Sequence[int] = ()
    """What it listens on."""
    user: str | None = None
    """Runs as this user; only root can."""
    log: Path | None = None
    """Its output goes here and not to the terminal."""
    quiet: bool = False
    """Its output is shown only if it fails."""
    stop: signal.Signals = signal.SIGTERM
    """Asks it to end in good order."""
    orphaned: signal.Signals = signal.SIGKILL
    """What the kernel sends it when its supervisor dies without a word."""

    async def spawn(self) -> "Child":
        """Starts it in a process group of its own: on Ctrl-C the supervisor decides the order."""
        written = self.log.stat().st_size if self.log and self.log.exists() else 0
        relayed, output = (None, self.log.open("ab")) if self.log else await _pipe()
        with output:
            process = await asyncio.create_subprocess_exec(
                *leash(self.orphaned, self.user),
                *self.argv,
                env={**os.environ, **self.env},
                cwd="/" if self.user else ROOT,
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
                process_group=0,
            )
        return Child(process, relayed, written)


@dataclass(frozen=True)
class Relayed:
    """What a process writes, to be read here."""

    stream: asyncio.StreamReader
    transport: asyncio.ReadTransport


@dataclass(frozen=True)
class Child:
    """A process that was started."""

    process: asyncio.subprocess.Process
    relayed: Relayed | None
    """None when it writes to its log."""
    written: int
    """Bytes of its log that others wrote before it."""


async def _pipe() -> tuple[Relayed, IO[bytes]]:
    """A pipe and its writing end. asyncio's own takes a process for alive while its children are."""
    out, into = os.pipe()
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(out, "rb")
    )
    return Relayed(stream, transport), os.fdopen(into, "wb")


Once = Callable[[Process], Awaitable[None]]
"""Runs a command to its end; raises Failure unless it succeeds."""


def leash(orphaned: signal.Signals, user: str | None = None) -> list[str]:
    """The words before a command that end it with its parent, and drop root's rights for `user`."""
    words = [str(programs.find("setpriv")), f"--pdeathsig={orphaned.name.removeprefix('SIG')}"]
    if user:
        words += [f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"]
    return words


def module(name: str, *arguments: str) -> list[str]:
    """The command of one of the project's own modules, in this very interpreter."""
    return [sys.executable, "-m", name, *arguments]
