"""The processes of a cluster, and what a test can do to them."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from deploy.local.stack import end_to_end
from deploy.local.supervisor.handle import ProcessHandle
from deploy.local.supervisor.process import Child, Process
from tests.chaos.cluster import process_tree
from tests.chaos.proxy.proxy_topology import Route
from tests.chaos.proxy.tcp_relay import Relay

START_TIMEOUT = 60.0
"""Seconds."""


@dataclass(frozen=True)
class ClusterProcess(Process):
    """A process whose next start may differ from the others."""

    overrides: dict[str, Process] = field(default_factory=dict)

    async def spawn(self) -> Child:
        return await Process.spawn(self.overrides.pop(self.name, self))


class Cluster:
    """Processes have the names that the local stack gives them: `projector`, `projector-2`, `notifier`,
    `gateway`, `store`, `kafka`, `postgres` … Each is started again whenever it exits."""

    def __init__(self, folder: Path, disk: Path | None = None) -> None:
        self.folder = folder
        self.disk = disk
        """PostgreSQL's own disk, if it has one."""
        self.gateways: list[str] = []
        """URLs for clients."""
        self.kafka = ""
        """host:port, past all relays."""
        self.database = ""
        """URL with the password, past all relays."""
        self.relays: dict[Route, Relay] = {}
        self.processes: dict[str, ClusterProcess] = {}
        self.running: dict[str, ProcessHandle] = {}
        self._overrides: dict[str, Process] = {}

    @property
    def log(self) -> Path:
        """The output of all processes."""
        return self.folder / "cluster.log"

    @asynccontextmanager
    async def expect_log_line(self, kind: str, text: str, max_seconds: float = 20.0) -> AsyncIterator[None]:
        """After the block, wait until a process of this kind has logged `text` since it was entered. Raises
        TimeoutError."""
        offset = self.log.stat().st_size
        yield
        async with asyncio.timeout(max_seconds):
            while not any(line.startswith(kind) and text in line for line in self._log_lines(offset)):
                await asyncio.sleep(0.1)

    def kill(self, name: str, down_seconds: float = 0.0) -> None:
        """Kill a process (SIGKILL); it is started again no sooner than after `down_seconds`."""
        if down_seconds:
            asyncio.get_running_loop().call_later(down_seconds, self._hold(name).unlink)
        self.running[name].signal(signal.SIGKILL)

    def terminate(self, name: str, by: signal.Signals | None = None) -> None:
        """Send the signal for a clean shutdown (or `by`); does not wait."""
        clean = signal.SIGINT if name == "postgres" else signal.SIGTERM
        self.running[name].signal(by or clean)

    def pause(self, name: str) -> None:
        """Stop a process (SIGSTOP) with its connections open, until `resume`."""
        process_tree.pause(self.running[name].pid)

    def resume(self, name: str) -> None:
        process_tree.resume(self.running[name].pid)

    @asynccontextmanager
    async def keep_down(self, name: str) -> AsyncIterator[None]:
        """Kill a process, and start it again only after the block."""
        hold = self._hold(name)
        try:
            self.kill(name)
            await self.wait_exited(self.running[name])
            yield
        finally:
            hold.unlink()

    async def respawn(
        self, name: str, *, env: Mapping[str, str] | None = None, argv: Sequence[str] | None = None
    ) -> ProcessHandle:
        """Shut a process down cleanly; return as soon as the next one runs.

        For this one start, `env` is added to its environment and `argv` replaces its command.
        """
        usual, before = self.processes[name], self.running[name]
        self._overrides[name] = replace(usual, env={**usual.env, **(env or {})}, argv=argv or usual.argv)
        self.terminate(name)
        async with asyncio.timeout(START_TIMEOUT):
            while self.running[name] == before:
                await asyncio.sleep(0.02)
        return self.running[name]

    async def restart(
        self, name: str, *, env: Mapping[str, str] | None = None, argv: Sequence[str] | None = None
    ) -> None:
        """`respawn`, and wait until the process is ready. Raises RuntimeError if it exited before that."""
        process = await self.respawn(name, env=env, argv=argv)
        await self.wait_ready(name)
        if self.running[name] != process:
            raise RuntimeError(f"{name} exited before it was ready; its next start is without overrides")

    @staticmethod
    async def wait_exited(process: ProcessHandle) -> None:
        async with asyncio.timeout(START_TIMEOUT):
            while process.is_running:
                await asyncio.sleep(0.02)

    async def wait_restarted(self, name: str, before: ProcessHandle) -> None:
        """Return once another process than `before` has this name and is ready."""
        async with asyncio.timeout(START_TIMEOUT):
            while self.running[name] == before:
                await asyncio.sleep(0.05)
        await self.wait_ready(name)

    async def wait_ready(self, *names: str) -> None:
        """Return once these processes are ready; without names, once all are and gateways serve clients."""
        async with asyncio.timeout(START_TIMEOUT):
            for name in names or self.processes:
                while not await self.processes[name].is_ready():
                    await asyncio.sleep(0.05)
        if not names:
            await end_to_end.wait_until_serving(self.gateways, START_TIMEOUT)

    def register(self, process: Process) -> ClusterProcess:
        """Add a process. Leaving the cluster kills it: a clean shutdown is a fault of its own."""
        added = ClusterProcess(**{**vars(process), "stop_signal": signal.SIGKILL}, overrides=self._overrides)
        self.processes[process.name] = added
        return added

    def set_running(self, processes: Iterable[ProcessHandle]) -> None:
        """Called by the supervisor whenever a process has started."""
        self.running = {process.name: process for process in processes}

    def _log_lines(self, offset: int) -> list[str]:
        with self.log.open("rb") as file:
            file.seek(offset)
            return file.read().decode(errors="replace").splitlines()

    def _hold(self, name: str) -> Path:
        """Create the file that keeps the supervisor from starting this process while it exists."""
        hold = self.folder / "suspend" / name
        hold.touch()
        return hold
