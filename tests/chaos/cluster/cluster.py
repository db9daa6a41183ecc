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

from deploy.local import end_to_end, services
from deploy.local.console import Console
from deploy.local.kafka import Kafka
from deploy.local.keeper import Surroundings
from deploy.local.ports import Ports
from deploy.local.postgres import Postgres
from deploy.local.process import Process
from deploy.local.run import CACHE
from deploy.local.services import Counts, Services
from deploy.local.supervisor import Supervisor, together
from tests.chaos.cluster.processes import Cluster
from tests.chaos.proxy.proxy_topology import ProxyTopology, Route
from tests.chaos.proxy.tcp_relay import Relay

__all__ = ["Cluster", "start_cluster"]

ANY = {"PORT": "0"}
"""The gateway's port, which people who run the stack know."""
MANY = 1_000_000
"""Deaths are what a cluster is for."""


@asynccontextmanager
async def start_cluster(
    *,
    gateways: int = 2,
    notifiers: int = 2,
    projectors: int = 2,
    env: Mapping[str, Mapping[str, str]] | None = None,
    argv: Mapping[str, Sequence[str]] | None = None,
    proxied: bool = False,
    disk: Path | None = None,
) -> AsyncIterator[Cluster]:
    """Ready when entered, gone with its data when left, or when this process dies.

    `env` (by name, `"*"` for all) is added to what processes are started with, in all their lives; `argv`
    replaces their commands. PostgreSQL's data go to `disk`, if there is one.
    """
    with _folder() as folder, (folder / "cluster.log").open("w", buffering=1) as log:
        around = Surroundings(_Journal(log), Ports(ANY, {}), folder, MANY)
        counts = Counts(gateways, notifiers, projectors)
        made = Cluster(folder)
        made.disk = disk
        plan = _Plan(made, around, counts, env or {}, argv or {}, proxied)
        async with _opened(plan.cluster.proxies), Supervisor(around, plan.cluster.note) as supervisor:
            await plan.start(supervisor)
            yield plan.cluster


class _Plan:
    """A cluster from nothing to ready."""

    def __init__(
        self,
        made: Cluster,
        around: Surroundings,
        counts: Counts,
        env: Mapping[str, Mapping[str, str]],
        argv: Mapping[str, Sequence[str]],
        proxied: bool,
    ) -> None:
        ports = around.ports
        self.cluster = made
        self._around = around
        self._env, self._argv = env, argv
        self._services = Services.choose(counts, ports)
        self._postgres = Postgres(
            (made.disk or made.folder) / "postgres", ports.take("postgres"), volatile=True
        )
        self._wiring = ProxyTopology(self._services, self._postgres.port, ports) if proxied else None
        made.proxies = self._wiring.proxies if self._wiring else {}
        listeners = self._wiring.listeners if self._wiring else {}
        at = ports.take("kafka"), ports.take("kafka-controller")
        self._kafka = Kafka(made.folder / "kafka", CACHE, *at, listeners)

    async def start(self, supervisor: Supervisor) -> None:
        """Raises Failure."""
        wiring, made = self._wiring, self.cluster
        made.kafka = self._kafka.bootstrap
        await together(self._log(supervisor), self._rows(supervisor))
        stages = self._services.stages(made.kafka, made.database)
        await together(*(supervisor.start(*map(self._resident, stage)) for stage in stages))
        at = wiring.gateways if wiring else self._services.gateways
        made.gateways = [f"http://127.0.0.1:{port}" for port in at]
        await end_to_end.served(made.gateways)

    async def _log(self, supervisor: Supervisor) -> None:
        await self._kafka.prepare(supervisor.once, self._around.console.say)
        await supervisor.start(self._resident(self._kafka.broker()))
        await supervisor.once(services.topics(self.cluster.kafka))

    async def _rows(self, supervisor: Supervisor) -> None:
        await self._postgres.prepare(supervisor.once, self._around.console.say)
        self.cluster.database = self._postgres.url
        await supervisor.start(self._resident(self._postgres.server()))
        await supervisor.once(services.migrations(self.cluster.database))

    def _resident(self, process: Process) -> Process:
        wired = self._wiring.wired(process) if self._wiring else process
        env = {**wired.env, **self._env.get("*", {}), **self._env.get(process.name, {})}
        argv = self._argv.get(process.name, process.argv)
        return self.cluster.admit(replace(wired, env=env, argv=argv))


class _Journal(Console):
    """Writes what all processes say into a file."""

    def __init__(self, file: TextIO) -> None:
        super().__init__()
        self._file = file

    def line(self, name: str, text: str) -> None:
        self._file.write(f"{name:<12} {text}\n")


@asynccontextmanager
async def _opened(proxies: Mapping[Route, Relay]) -> AsyncIterator[None]:
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
    folder = Path(tempfile.mkdtemp(prefix="parley-cluster-"))
    folder.chmod(0o711)  # PostgreSQL's user must get through
    (folder / "hold").mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
