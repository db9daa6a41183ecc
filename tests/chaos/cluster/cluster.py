"""Starts all of Parley with its own Kafka and PostgreSQL, supervised by the test's process.

A process that exits is started again, as `make run` would. Each can also be killed, paused, kept down,
started with other settings and, with `proxied`, cut off from the others.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
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
from message_store.storage.roles import PURPOSES
from tests.chaos.cluster.processes import Cluster
from tests.chaos.proxy.proxy_topology import ProxyTopology
from tests.chaos.proxy.tcp_relay import Relay

__all__ = ["Cluster", "start_cluster"]

Environments = Mapping[str, Mapping[str, str]]
"""By process name; `"*"` for all."""

ANY_PORT = {"PORT": "0"}
MAX_RESTARTS = 1_000_000
"""Unlimited."""


@asynccontextmanager
async def start_cluster(
    *,
    gateways: int = 2,
    notifiers: int = 2,
    projectors: int = 2,
    env: Environments | None = None,
    proxied: bool = False,
    disk: Path | None = None,
) -> AsyncIterator[Cluster]:
    """Yield a cluster that is ready; it is removed with its data afterwards, or when this process dies.

    `env` is added to the environments of its processes. `disk` is the folder for PostgreSQL's data.
    """
    with _temporary_folder() as folder, (folder / "cluster.log").open("w", buffering=1) as log:
        context = StackContext(_LogFile(log), Ports(ANY_PORT, {}), folder, MAX_RESTARTS)
        counts = Counts(gateways, notifiers, projectors)
        startup = _Startup(Cluster(folder, disk), context, counts, env or {}, proxied)
        cluster = startup.cluster
        async with (
            _open_relays(cluster.relays.values()),
            Supervisor(context, cluster.set_running) as supervisor,
        ):
            await startup.run(supervisor)
            yield cluster


class _Startup:
    def __init__(
        self,
        cluster: Cluster,
        context: StackContext,
        counts: Counts,
        env: Environments,
        proxied: bool,
    ) -> None:
        self.cluster = cluster
        self._env = env
        self._report = context.console.report
        ports = context.ports
        self._services = Services.choose(counts, ports)
        data = (cluster.disk or cluster.folder) / "postgres"
        self._postgres = Postgres(data, ports.take("postgres"), volatile=True)
        self._topology = ProxyTopology(self._services, self._postgres.port, ports) if proxied else None
        cluster.relays = self._topology.relays if self._topology else {}
        listeners = self._topology.listeners if self._topology else {}
        broker_ports = ports.take("kafka"), ports.take("kafka-controller")
        self._kafka = Kafka(cluster.folder / "kafka", CACHE, *broker_ports, listeners)

    async def run(self, supervisor: Supervisor) -> None:
        """Return once the gateways serve clients. Raises UserError."""
        cluster = self.cluster
        cluster.kafka = self._kafka.bootstrap
        await gather_or_cancel(self._start_kafka(supervisor), self._start_postgres(supervisor))
        stages = self._services.stages(cluster.kafka, cluster.database, self._roles)
        await gather_or_cancel(*(supervisor.start(*map(self._register, stage)) for stage in stages))
        gateway_ports = self._topology.gateways if self._topology else self._services.gateways
        cluster.gateways = [f"http://127.0.0.1:{port}" for port in gateway_ports]
        await end_to_end.wait_until_serving(cluster.gateways)

    @property
    def _roles(self) -> services.Roles:
        return {purpose: self._postgres.role_url(purpose) for purpose in PURPOSES}

    async def _start_kafka(self, supervisor: Supervisor) -> None:
        await self._kafka.prepare(supervisor.run_to_completion)
        await supervisor.start(self._register(self._kafka.broker()))
        await supervisor.run_to_completion(services.topics(self.cluster.kafka))

    async def _start_postgres(self, supervisor: Supervisor) -> None:
        await self._postgres.prepare(supervisor.run_to_completion, self._report)
        self.cluster.database = self._postgres.url
        await supervisor.start(self._register(self._postgres.server()))
        await supervisor.run_to_completion(services.migrations(self.cluster.database, self._roles))

    def _register(self, process: Process) -> Process:
        rewired = self._topology.rewire(process) if self._topology else process
        env = {**rewired.env, **self._env.get("*", {}), **self._env.get(process.name, {})}
        return self.cluster.register(replace(rewired, env=env))


class _LogFile(Console):
    """Writes the output of all processes into one file."""

    def __init__(self, file: TextIO) -> None:
        super().__init__()
        self._file = file

    def line(self, name: str, text: str) -> None:
        self._file.write(f"{name:<12} {text}\n")


@asynccontextmanager
async def _open_relays(relays: Iterable[Relay]) -> AsyncIterator[None]:
    try:
        for relay in relays:
            await relay.open()
        yield
    finally:
        for relay in relays:
            await relay.close()
        await asyncio.sleep(0)  # lets the connections close


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="parley-cluster-"))
    folder.chmod(0o711)  # PostgreSQL's own user needs access
    (folder / "suspend").mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
