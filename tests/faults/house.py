"""All of Parley with its Kafka and its PostgreSQL, in the keeping of this very process.

Whatever dies is started again, as `make run` would. Beyond that everything here can be killed, frozen, kept
away, started differently, and, with `proxied`, cut off from everything else.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from deploy.local.dependencies.kafka import Kafka
from deploy.local.dependencies.postgres import Postgres
from deploy.local.paths import CACHE
from deploy.local.stack import end_to_end, services
from deploy.local.stack.services import Counts, Services
from deploy.local.supervisor.console import Console
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.process import Process
from deploy.local.supervisor.runner import StackContext
from deploy.local.supervisor.supervisor import Supervisor, gather_or_cancel
from tests.faults.proxy import Proxy
from tests.faults.residents import House
from tests.faults.wiring import Pair, Wiring

__all__ = ["House", "house"]

ANY = {"PORT": "0"}
"""The gateway's port, which people who run the stack know."""
MANY = 1_000_000
"""Deaths are what a house is for."""


@asynccontextmanager
async def house(
    *,
    gateways: int = 2,
    notifiers: int = 2,
    projectors: int = 2,
    env: Mapping[str, Mapping[str, str]] | None = None,
    argv: Mapping[str, Sequence[str]] | None = None,
    proxied: bool = False,
    disk: Path | None = None,
) -> AsyncIterator[House]:
    """Ready when entered, gone with its data when left, or when this process dies.

    `env` (by name, `"*"` for all) is added to what processes are started with, in all their lives; `argv`
    replaces their commands. PostgreSQL's data go to `disk`, if there is one.
    """
    with _folder() as folder, (folder / "house.log").open("w", buffering=1) as log:
        around = StackContext(_Journal(log), Ports(ANY, {}), folder, MANY)
        counts = Counts(gateways, notifiers, projectors)
        made = House(folder)
        made.disk = disk
        plan = _Plan(made, around, counts, env or {}, argv or {}, proxied)
        async with _opened(plan.house.proxies), Supervisor(around, plan.house.note) as supervisor:
            await plan.start(supervisor)
            yield plan.house


class _Plan:
    """A house from nothing to ready."""

    def __init__(
        self,
        made: House,
        around: StackContext,
        counts: Counts,
        env: Mapping[str, Mapping[str, str]],
        argv: Mapping[str, Sequence[str]],
        proxied: bool,
    ) -> None:
        ports = around.ports
        self.house = made
        self._around = around
        self._env, self._argv = env, argv
        self._services = Services.choose(counts, ports)
        self._postgres = Postgres(
            (made.disk or made.folder) / "postgres", ports.take("postgres"), volatile=True
        )
        self._wiring = Wiring(self._services, self._postgres.port, ports) if proxied else None
        made.proxies = self._wiring.proxies if self._wiring else {}
        listeners = self._wiring.listeners if self._wiring else {}
        at = ports.take("kafka"), ports.take("kafka-controller")
        self._kafka = Kafka(made.folder / "kafka", CACHE, *at, listeners)

    async def start(self, supervisor: Supervisor) -> None:
        """Raises UserError."""
        wiring, made = self._wiring, self.house
        made.kafka = self._kafka.bootstrap
        await gather_or_cancel(self._log(supervisor), self._rows(supervisor))
        stages = self._services.stages(made.kafka, made.database)
        await gather_or_cancel(*(supervisor.start(*map(self._resident, stage)) for stage in stages))
        at = wiring.gateways if wiring else self._services.gateways
        made.gateways = [f"http://127.0.0.1:{port}" for port in at]
        await end_to_end.wait_until_serving(made.gateways)

    async def _log(self, supervisor: Supervisor) -> None:
        await self._kafka.prepare(supervisor.run_to_completion)
        await supervisor.start(self._resident(self._kafka.broker()))
        await supervisor.run_to_completion(services.topics(self.house.kafka))

    async def _rows(self, supervisor: Supervisor) -> None:
        await self._postgres.prepare(supervisor.run_to_completion, self._around.console.report)
        self.house.database = self._postgres.url
        await supervisor.start(self._resident(self._postgres.server()))
        await supervisor.run_to_completion(services.migrations(self.house.database))

    def _resident(self, process: Process) -> Process:
        wired = self._wiring.wired(process) if self._wiring else process
        env = {**wired.env, **self._env.get("*", {}), **self._env.get(process.name, {})}
        argv = self._argv.get(process.name, process.argv)
        return self.house.admit(replace(wired, env=env, argv=argv))


class _Journal(Console):
    """Writes what all processes say into a file."""

    def __init__(self, file: TextIO) -> None:
        super().__init__()
        self._file = file

    def line(self, name: str, text: str) -> None:
        self._file.write(f"{name:<12} {text}\n")


@asynccontextmanager
async def _opened(proxies: Mapping[Pair, Proxy]) -> AsyncIterator[None]:
    try:
        for proxy in proxies.values():
            await proxy.open()
        yield
    finally:
        for proxy in proxies.values():
            await proxy.close()
        await asyncio.sleep(0)  # for the connections to go


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="parley-house-"))
    folder.chmod(0o711)  # PostgreSQL's user must get through
    (folder / "suspend").mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
