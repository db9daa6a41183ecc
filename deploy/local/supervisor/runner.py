"""Keeps one process running until it is told to stop."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import Failure
from deploy.local.supervisor.console import Console
from deploy.local.supervisor.handle import Running, running
from deploy.local.supervisor.log_files import readable
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.process import Child, Process

PAUSE = 0.5
"""Seconds between a death and the next start."""
WINDOW = 30.0
"""Seconds within which deaths add up."""
GRACE = 12.0
"""Seconds that a process has to end by itself; the services promise ten."""

QUOTED = 300
"""Characters at most of what a process wrote last."""


@dataclass(frozen=True)
class Surroundings:
    """What all processes of one stack share."""

    console: Console
    ports: Ports
    folder: Path
    """While `hold/<name>` exists in it, a dead process stays away: fault tests ask for that."""
    deaths: int = 3
    """So many of one process within thirty seconds are a failure."""


class Keeper:
    """One process: `keep` starts it again whenever it dies, until `stop`."""

    def __init__(self, process: Process, around: Surroundings, changed: Callable[[], None]) -> None:
        self.process = process
        self.ready = asyncio.Event()
        self.running: Running | None = None
        self._around = around
        self._changed = changed
        self._ending = asyncio.Event()

    async def keep(self) -> None:
        """Returns after `stop`; raises Failure when the process dies too often."""
        deaths: list[float] = []
        while not self._ending.is_set():
            reason = await self._live()
            if self._ending.is_set():
                return
            now = time.monotonic()
            deaths = [*(death for death in deaths if now - death < WINDOW), now]
            if len(deaths) >= self._around.deaths:
                raise Failure(f"{self.process.name} died {len(deaths)} times within {WINDOW:.0f} s: {reason}")
            self._around.console.say(f"{self.process.name} died: {reason}; starting it again")
            await self._rest(PAUSE)
            while self._held() and not self._ending.is_set():
                await self._rest(0.05)

    def signal(self, number: signal.Signals) -> None:
        """Signals the process if there is one."""
        if self.running:
            self.running.signal(number)

    def kill(self) -> None:
        """Ends it at once and for good."""
        self._ending.set()
        self.signal(signal.SIGKILL)

    async def stop(self, keeping: asyncio.Task[None]) -> None:
        """Returns when the process is gone, after GRACE by force."""
        self._ending.set()
        self.signal(self.process.stop)
        _, late = await asyncio.wait({keeping}, timeout=GRACE)
        if late:
            self._around.console.say(f"{self.process.name} does not end within {GRACE:.0f} s; killing it")
            self.signal(signal.SIGKILL)
            await asyncio.wait({keeping})

    def _held(self) -> bool:
        return (self._around.folder / "hold" / self.process.name).exists()

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)

    async def _live(self) -> str:
        """One life, from start to end; says how it ended."""
        self._around.ports.release(self.process.ports)
        child = await self.process.spawn()
        self.running = running(self.process.name, child.process.pid)
        self._changed()
        if self._ending.is_set():  # told to stop while it was being started
            self.signal(self.process.stop)
        probing = asyncio.create_task(self._probe())
        try:
            return await outcome(self.process, child, self._around.console)
        finally:
            probing.cancel()
            self.ready.clear()

    async def _probe(self) -> None:
        while not await self.process.ready():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self.ready.set()


async def outcome(process: Process, child: Child, console: Console) -> str:
    """Relay the child's output until it is gone and return how it ended; if it ended by itself, with the last
    line it printed and the file that has the others."""
    tail: list[str] = []
    if child.relayed is None:
        code = await child.process.wait()
    else:
        relaying = asyncio.create_task(console.relay(process.name, child.relayed.stream, quiet=process.quiet))
        code = await child.process.wait()
        await asyncio.wait({relaying}, timeout=1)  # bounded, because a grandchild may hold the pipe open
        relaying.cancel()
        child.relayed.transport.close()
        tail = relaying.result() if relaying.done() else []
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    if code and process.quiet:
        console.replay(process.name, tail)
    log = process.log or console.log_of(process.name)
    last = _last_line(process.log, child.written) if process.log else tail[-1] if tail else ""
    where = f" (more in {log})" if log else ""
    return f"exit code {code}{last and f': {readable(last)[:QUOTED]}{where}'}"


def _last_line(log: Path, since: int) -> str:
    lines = log.read_bytes()[since:].decode(errors="replace").splitlines()
    return next((line for line in reversed(lines) if line.strip()), "")
