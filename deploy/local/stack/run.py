"""`run`: the whole stack in the foreground, from nothing to ready and back to nothing."""

import asyncio
import fcntl
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import programs
from deploy.local.dependencies.kafka import Kafka
from deploy.local.dependencies.postgres import Postgres
from deploy.local.dependencies.web_client import BUILD, FRONTEND, require_node
from deploy.local.errors import Failure
from deploy.local.paths import CACHE
from deploy.local.stack import end_to_end, services, state
from deploy.local.stack.services import Counts, Services, web_root
from deploy.local.stack.state import Stack
from deploy.local.supervisor import handle
from deploy.local.supervisor.console import Console
from deploy.local.supervisor.handle import Running
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.runner import Surroundings
from deploy.local.supervisor.supervisor import Supervisor, together


@dataclass(frozen=True)
class Options:
    """What can be chosen for a stack; ports come from the environment."""

    folder: Path
    counts: Counts = field(default_factory=Counts)
    kafka: str | None = None
    """Use this broker instead of an own one."""
    database: str | None = None
    """Use this database instead of an own one."""
    services: bool = True
    """Without: only Kafka and PostgreSQL, empty."""
    volatile: bool = False
    """Data need not survive a crash of the machine."""
    deaths: int = 3
    """So many of one process within thirty seconds end the stack."""
    all_logs: bool = False
    """Show every log line on the terminal, not warnings and errors alone."""
    detached: bool = False
    """Started by `up`, which prints how to stop it."""


def run(options: Options) -> None:
    """Blocks until SIGINT, SIGTERM or SIGHUP, then stops everything; raises Failure.

    Settings that a service would refuse end this process, before anything is started.
    """
    options.folder.mkdir(parents=True, exist_ok=True)
    with _alone(options.folder):
        previous = state.read(options.folder)
        if previous:  # of a supervisor that was killed
            handle.end(previous.processes, signal.SIGTERM, 5)
        asyncio.run(_Run(options, previous).whole())


class _Run:
    """One run of a stack; what is known of it so far is on disk too."""

    def __init__(self, options: Options, previous: Stack | None) -> None:
        self._options = options
        self._console = Console(options.folder / state.LOGS, everything=options.all_logs)
        self._stopped = asyncio.Event()
        self._ports = ports = Ports(os.environ, previous.ports if previous else {})
        self._services = Services.choose(options.counts, ports) if options.services else None
        if self._services:
            self._services.check()
        self._kafka = None if options.kafka else self._own_kafka()
        self._postgres = None if options.database else self._own_postgres()
        self._stack = Stack(
            folder=options.folder,
            supervisor=handle.running("supervisor", os.getpid()),
            kafka=options.kafka or (self._kafka.bootstrap if self._kafka else ""),
            database=options.database or "",
            ports={**(previous.ports if previous else {}), **ports.taken},
        )
        if self._services:
            self._stack.listen(self._services)

    async def whole(self) -> None:
        """From start to stop; raises Failure when something dies too often or cannot start."""
        around = Surroundings(self._console, self._ports, self._options.folder, self._options.deaths)
        try:
            async with Supervisor(around, self._changed) as supervisor:
                await self._until_stopped(supervisor)
        finally:
            self._stack.ended()
        self._console.announce("Stopped.")

    async def _until_stopped(self, supervisor: Supervisor) -> None:
        self._heed_signals(supervisor)
        self._changed([])
        try:
            await supervisor.watch(self._start(supervisor), self._stopped)
        finally:
            self._console.announce("Stopping …")
            self._stack.ready = False
            self._stack.write()

    async def _start(self, supervisor: Supervisor) -> None:
        began = time.monotonic()
        postgres = ["postgres"] if self._postgres else []
        programs.require(*(self._kafka.needs() if self._kafka else []), *postgres)
        await together(
            self._start_kafka(supervisor), self._start_postgres(supervisor), self._build_web(supervisor)
        )
        if self._services:
            self._step(4, "Services", "starting")
            stages = self._services.stages(self._stack.kafka, self._stack.database)
            await together(*(supervisor.start(*stage) for stage in stages))
            await end_to_end.served(self._stack.gateways)
        self._console.detail(f"everything is ready after {time.monotonic() - began:.1f} s")
        self._console.announce("", *self._ports.notes, *self._stack.addresses())
        if not self._options.detached:
            stop = "Press Ctrl-C to stop it; your data is kept."
            self._console.announce("", self._stack.headline, stop)
        self._stack.ready = True
        self._stack.write()

    def _step(self, number: int, what: str, state: str) -> None:
        """One of the four steps of a start; the first is deploy/local/bootstrap."""
        self._console.announce(f"{number}/4 {what}: {state}")

    async def _start_kafka(self, supervisor: Supervisor) -> None:
        if self._kafka:
            self._step(2, "Kafka and PostgreSQL", self._kafka.plan())
            await self._kafka.prepare(supervisor.once, lambda _: None)
            await supervisor.start(self._kafka.broker())
        if self._services:
            await supervisor.once(services.topics(self._stack.kafka))

    async def _start_postgres(self, supervisor: Supervisor) -> None:
        if self._postgres:
            await self._postgres.prepare(supervisor.once, self._console.say)
            self._stack.database = self._postgres.url
            await supervisor.start(self._postgres.server())
        if self._services:
            await supervisor.once(services.migrations(self._stack.database))

    async def _build_web(self, supervisor: Supervisor) -> None:
        """Where it cannot be built, all else runs without it, or with the last one."""
        if self._services and "WEB_ROOT" not in os.environ:
            try:
                require_node()
                self._step(3, "Web client", FRONTEND.plan())
                await supervisor.once(BUILD)
            except Failure as failure:
                self._step(3, "Web client", f"not built: {failure}")
        self._stack.web = bool(self._services and web_root())

    def _own_kafka(self) -> Kafka:
        port, controller = self._ports.take("kafka", "KAFKA_PORT"), self._ports.take("kafka-controller")
        return Kafka(self._options.folder / "kafka", CACHE, port, controller)

    def _own_postgres(self) -> Postgres:
        port = self._ports.take("postgres", "POSTGRES_PORT")
        return Postgres(self._options.folder / "postgres", port, self._options.volatile)

    def _changed(self, processes: Sequence[Running]) -> None:
        self._stack.processes = list(processes)
        self._stack.write()

    def _heed_signals(self, supervisor: Supervisor) -> None:
        """The first one stops everything in order, a second one at once."""

        def stop() -> None:
            if self._stopped.is_set():
                supervisor.kill()
            self._stopped.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, stop)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds the data folder; raises Failure when another run does."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(f"a stack runs already in {folder}{_where(folder)}") from None
        yield


def _where(folder: Path) -> str:
    """Who holds the folder; one that has only just begun says so in a moment."""
    deadline = time.monotonic() + 5
    while (stack := state.read_running(folder)) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return f" as process {stack.supervisor.pid}: {stack.headline}" if stack else ""
