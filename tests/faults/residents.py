"""The processes of a house, and what can be done to them."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from deploy.local.stack import end_to_end
from deploy.local.supervisor.handle import ProcessHandle
from deploy.local.supervisor.process import Child, Process
from tests.faults.proxy import Proxy
from tests.faults.trees import family
from tests.faults.wiring import Pair

PATIENCE = 60.0
"""Seconds within which whatever was started must be ready."""


@dataclass(frozen=True)
class Resident(Process):
    """A process whose next life may differ from the others."""

    next_lives: dict[str, Process] = field(default_factory=dict)

    async def spawn(self) -> Child:
        return await Process.spawn(self.next_lives.pop(self.name, self))


class House:
    """See the module. Processes go by the names that the stack gives them: `projector`, `projector-2`,
    `notifier`, `gateway`, `store`, `kafka`, `postgres` …"""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gateways: list[str] = []
        """URLs at which clients find them."""
        self.kafka = ""
        """host:port, past all proxies."""
        self.database = ""
        """A URL with the password, past all proxies."""
        self.disk: Path | None = None
        """PostgreSQL's, if it has one of its own."""
        self.proxies: dict[Pair, Proxy] = {}
        self.processes: dict[str, Resident] = {}
        self.running: dict[str, ProcessHandle] = {}
        self._next_lives: dict[str, Process] = {}

    @property
    def log(self) -> Path:
        """What all processes said."""
        return self.folder / "house.log"

    @asynccontextmanager
    async def hearing(self, kind: str, text: str, within: float = 20.0) -> AsyncIterator[None]:
        """Does not leave the block before a process of this kind has said this since it was entered. Raises
        TimeoutError."""
        begun = self.log.stat().st_size
        yield
        async with asyncio.timeout(within):
            while not any(line.startswith(kind) and text in line for line in self._said_since(begun)):
                await asyncio.sleep(0.1)

    def kill(self, name: str, away: float = 0.0) -> None:
        """At once; another life follows, no sooner than after `away` seconds."""
        if away:
            hold = self._hold(name)
            hold.touch()
            asyncio.get_running_loop().call_later(away, hold.unlink)
        self.running[name].signal(signal.SIGKILL)

    def terminate(self, name: str) -> None:
        """Asks it to end in good order; another life follows. Does not wait."""
        self.running[name].signal(self._asks(name))

    def quit(self, name: str) -> None:
        """PostgreSQL's immediate shutdown: no good order, but nothing of it is left behind."""
        self.running[name].signal(signal.SIGQUIT)

    def freeze(self, name: str) -> None:
        """It stands still, its connections open, until `thaw`."""
        for process in family(self.running[name]):
            process.signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        for process in reversed(family(self.running[name])):
            process.signal(signal.SIGCONT)

    @asynccontextmanager
    async def away(self, name: str) -> AsyncIterator[None]:
        """Kills it and lets it come back only after the block."""
        hold = self._hold(name)
        hold.touch()
        try:
            self.kill(name)
            await self.gone(self.running[name])
            yield
        finally:
            hold.unlink()

    async def begin_life(
        self,
        name: str,
        *,
        env: Mapping[str, str] | None = None,
        argv: Sequence[str] | None = None,
        by: signal.Signals | None = None,
    ) -> ProcessHandle:
        """Ends it (by its own signal for that) and returns as soon as it has begun another life.

        For that life, and it alone, `env` is added to its environment and `argv` replaces its command.
        """
        usual, before = self.processes[name], self.running[name]
        self._next_lives[name] = replace(usual, env={**usual.env, **(env or {})}, argv=argv or usual.argv)
        before.signal(by or self._asks(name))
        async with asyncio.timeout(PATIENCE):
            while self.running[name] == before:
                await asyncio.sleep(0.02)
        return self.running[name]

    async def restart_with(
        self, name: str, *, env: Mapping[str, str] | None = None, argv: Sequence[str] | None = None
    ) -> None:
        """The same, and returns once it is ready. Raises RuntimeError when that life ended before: the next
        is as usual, and would be taken for it."""
        life = await self.begin_life(name, env=env, argv=argv)
        await self.ready(name)
        if self.running[name] != life:
            raise RuntimeError(f"{name} ended before it was ready: its next life is as usual")

    @staticmethod
    async def gone(life: ProcessHandle) -> None:
        """Returns once this life of some process has ended."""
        async with asyncio.timeout(PATIENCE):
            while life.is_running:
                await asyncio.sleep(0.02)

    async def back(self, name: str, life: ProcessHandle) -> None:
        """Returns once there is another life of it than this one, and that is ready."""
        async with asyncio.timeout(PATIENCE):
            while self.running[name] == life or not await self.processes[name].is_ready():
                await asyncio.sleep(0.05)

    async def ready(self, *names: str) -> None:
        """Returns once these answer that they are ready; without any, once all do and clients are served."""
        async with asyncio.timeout(PATIENCE):
            for name in names or self.processes:
                while not await self.processes[name].is_ready():
                    await asyncio.sleep(0.05)
        if not names:
            await end_to_end.wait_until_serving(self.gateways, PATIENCE)

    def admit(self, process: Process) -> Resident:
        """A process that lives here from now on. It is ended by force: how it ends in good order is a fault
        of its own, and then asked for."""
        resident = Resident(**{**vars(process), "stop_signal": signal.SIGKILL}, next_lives=self._next_lives)
        self.processes[process.name] = resident
        return resident

    def note(self, processes: Iterable[ProcessHandle]) -> None:
        """Called whenever one has started."""
        self.running = {process.name: process for process in processes}

    def _said_since(self, begun: int) -> list[str]:
        with self.log.open("rb") as file:
            file.seek(begun)
            return file.read().decode(errors="replace").splitlines()

    def _hold(self, name: str) -> Path:
        """While there is this file, it is not started again."""
        return self.folder / "suspend" / name

    @staticmethod
    def _asks(name: str) -> signal.Signals:
        return signal.SIGINT if name == "postgres" else signal.SIGTERM
