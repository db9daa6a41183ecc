"""Runs one process and restarts it until it is stopped."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import UserError
from deploy.local.supervisor.console import Console
from deploy.local.supervisor.handle import ProcessHandle
from deploy.local.supervisor.log_files import readable
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.process import Child, Process

RESTART_DELAY_SECONDS = 0.5
RESTART_WINDOW_SECONDS = 30.0
"""Restarts older than this no longer count."""
MAX_QUOTE_CHARS = 300
"""Of the last line that a process printed."""


@dataclass(frozen=True)
class StackContext:
    """What all processes of one stack share."""

    console: Console
    ports: Ports
    folder: Path
    """While `suspend/<name>` exists in it, that process is not restarted; for fault tests."""
    max_restarts: int = 2
    """Restarts of one process within RESTART_WINDOW_SECONDS; one exit more stops the stack."""


class ProcessRunner:
    """Runs `process` and restarts it whenever it exits, until `stop`."""

    def __init__(self, process: Process, context: StackContext, on_start: Callable[[], None]) -> None:
        self.process = process
        self.ready = asyncio.Event()
        self.handle: ProcessHandle | None = None
        self._context = context
        self._on_start = on_start
        self._stopping = asyncio.Event()

    async def run_with_restarts(self) -> None:
        """Return after `stop`; raise UserError when the process exits too often."""
        name = self.process.name
        exits: list[float] = []
        while not self._stopping.is_set():
            reason = await self._run_once()
            if self._stopping.is_set():
                return
            now = time.monotonic()
            exits = [*(moment for moment in exits if now - moment < RESTART_WINDOW_SECONDS), now]
            if len(exits) > self._context.max_restarts:
                window = f"{RESTART_WINDOW_SECONDS:.0f} s"
                raise UserError(f"{name} exited {len(exits)} times within {window}: {reason}")
            self._context.console.report(f"{name} exited: {reason}; restarting")
            await self._pause(RESTART_DELAY_SECONDS)
            while self._is_suspended() and not self._stopping.is_set():
                await self._pause(0.05)

    def signal(self, number: signal.Signals) -> None:
        """Signal the process if it runs."""
        if self.handle:
            self.handle.signal(number)

    def kill(self) -> None:
        """Kill the process and do not restart it."""
        self._stopping.set()
        self.signal(signal.SIGKILL)

    async def stop(self, task: asyncio.Task[None]) -> None:
        """Stop the process, by force after its `stop_timeout`, and wait for `task`, its run."""
        self._stopping.set()
        self.signal(self.process.stop_signal)
        _, late = await asyncio.wait({task}, timeout=self.process.stop_timeout)
        if late:
            timeout = f"{self.process.stop_timeout:.0f} s"
            self._context.console.report(f"{self.process.name} did not stop within {timeout}; killing it")
            self.signal(signal.SIGKILL)
            await asyncio.wait({task})

    def _is_suspended(self) -> bool:
        return (self._context.folder / "suspend" / self.process.name).exists()

    async def _pause(self, seconds: float) -> None:
        """Sleep; end early on `stop`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _run_once(self) -> str:
        """Run the process until it exits; return how it ended."""
        self._context.ports.release(self.process.ports)
        child = await self.process.spawn()
        self.handle = ProcessHandle.of_pid(self.process.name, child.process.pid)
        self._on_start()
        if self._stopping.is_set():  # stopped while it was being spawned
            self.signal(self.process.stop_signal)
        readiness = asyncio.create_task(self._watch_readiness())
        try:
            return await wait_for_exit(self.process, child, self._context.console)
        finally:
            readiness.cancel()
            self.ready.clear()

    async def _watch_readiness(self) -> None:
        while not await self.process.is_ready():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self.ready.set()


async def wait_for_exit(process: Process, child: Child, console: Console) -> str:
    """Relay the child's output until it exits; return how it ended.

    After an exit of its own this includes the last line that it printed and the file with the others.
    """
    tail: list[str] = []
    if child.output is None:
        code = await child.process.wait()
    else:
        relay = asyncio.create_task(console.relay(process.name, child.output.stream, quiet=process.quiet))
        code = await child.process.wait()
        await asyncio.wait({relay}, timeout=1)  # bounded: a grandchild may hold the pipe open
        relay.cancel()
        child.output.transport.close()
        tail = relay.result() if relay.done() else []
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    if code and process.quiet:
        console.replay(process.name, tail)
    log = process.log or console.log_path(process.name)
    last = _last_line(process.log, child.log_offset) if process.log else tail[-1] if tail else ""
    source = f" (more in {log})" if log else ""
    return f"exit code {code}{last and f': {readable(last)[:MAX_QUOTE_CHARS]}{source}'}"


def _last_line(log: Path, offset: int) -> str:
    lines = log.read_bytes()[offset:].decode(errors="replace").splitlines()
    return next((line for line in reversed(lines) if line.strip()), "")
