"""Runs a whole stack in the foreground, from start to stop."""

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
from deploy.local.dependencies.web_client import BUILD, WEB_CLIENT, require_node
from deploy.local.errors import UserError
from deploy.local.issuer import LocalIssuer
from deploy.local.paths import CACHE
from deploy.local.stack import end_to_end, services, state
from deploy.local.stack.daemon import log_path
from deploy.local.stack.services import Counts, Services, web_root
from deploy.local.stack.state import Stack
from deploy.local.supervisor import handle
from deploy.local.supervisor.console import Console
from deploy.local.supervisor.handle import ProcessHandle
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.runner import StackContext
from deploy.local.supervisor.supervisor import Supervisor, gather_or_cancel
from message_store.storage.roles import PURPOSES


@dataclass(frozen=True)
class StackOptions:
    """The options of a stack; its ports come from the environment."""

    folder: Path
    counts: Counts = field(default_factory=Counts)
    kafka: str | None = None
    """Use this broker instead of starting one."""
    database: str | None = None
    """Use this database instead of starting one."""
    services: bool = True
    """Without: Kafka and PostgreSQL only, empty."""
    volatile: bool = False
    """Data need not survive a crash of the machine."""
    max_restarts: int = 2
    """See `StackContext`."""
    all_logs: bool = False
    """Show every log line on the terminal, not only warnings and errors."""
    detached: bool = False
    """Started by `up`, which prints how to stop it."""


def run(options: StackOptions) -> None:
    """Block until SIGINT, SIGTERM or SIGHUP, then stop everything; raise UserError.

    A setting that a service would refuse exits this process before anything is started.
    """
    options.folder.mkdir(parents=True, exist_ok=True)
    with _exclusive(options.folder):
        previous = state.load(options.folder)
        if previous:  # its supervisor was killed
            handle.terminate(previous.processes, 5)
        asyncio.run(StackRun(options, previous).run())


class StackRun:
    """One run of a stack, which keeps `stack.json` up to date."""

    def __init__(self, options: StackOptions, previous: Stack | None) -> None:
        self._options = options
        self._console = Console(
            options.folder / state.LOGS_FOLDER,
            everything=options.all_logs,
            terminal=log_path(options.folder),
        )
        self._stopped = asyncio.Event()
        self._ports = ports = Ports(os.environ, previous.ports if previous else {})
        self._services = self._choose_services(ports) if options.services else None
        if self._services:
            self._services.check_settings()
        self._kafka = None if options.kafka else self._local_kafka()
        self._postgres = None if options.database else self._local_postgres()
        self._stack = Stack(
            folder=options.folder,
            supervisor=ProcessHandle.of_pid("supervisor", os.getpid()),
            kafka=options.kafka or (self._kafka.bootstrap if self._kafka else ""),
            database=options.database or "",
            auth=os.environ.get("AUTH") or "dev",
            ports={**(previous.ports if previous else {}), **ports.taken},
        )
        if self._services:
            self._stack.set_addresses(self._services)

    async def run(self) -> None:
        """Run from start to stop; raise UserError when a process cannot start or exits too often."""
        context = StackContext(self._console, self._ports, self._options.folder, self._options.max_restarts)
        try:
            async with Supervisor(context, self._record_processes) as supervisor:
                await self._run_until_stopped(supervisor)
        finally:
            self._stack.mark_stopped()
        self._console.announce("Stopped.")

    async def _run_until_stopped(self, supervisor: Supervisor) -> None:
        self._install_signal_handlers(supervisor)
        self._record_processes([])
        try:
            await supervisor.run_until_stopped(self._start(supervisor), self._stopped)
        finally:
            self._console.announce("Stopping …")
            self._stack.ready = False
            self._stack.write()

    async def _start(self, supervisor: Supervisor) -> None:
        began = time.monotonic()
        postgres = ["postgres"] if self._postgres else []
        programs.require(*(self._kafka.required_programs() if self._kafka else []), *postgres)
        await gather_or_cancel(
            self._start_kafka(supervisor), self._start_postgres(supervisor), self._build_web(supervisor)
        )
        if self._services:
            self._announce_step(4, "Services", "starting")
            stages = self._services.stages(self._stack.kafka, self._stack.database, self._roles())
            await gather_or_cancel(*(supervisor.start(*stage) for stage in stages))
            await self._wait_until_serving(self._services.issuer)
        self._console.report_detail(f"everything is ready after {time.monotonic() - began:.1f} s")
        self._console.announce("", *self._ports.notes, *self._stack.addresses())
        if not self._options.detached:
            stop = "Press Ctrl-C to stop it; your data is kept."
            self._console.announce("", self._stack.headline, stop)
        self._stack.ready = True
        self._stack.write()

    def _choose_services(self, ports: Ports) -> Services:
        return Services.choose(self._options.counts, ports, LocalIssuer.of_environment(self._options.folder))

    async def _wait_until_serving(self, issuer: LocalIssuer | None) -> None:
        """Check from end to end; not with the tokens of an issuer that is not ours."""
        if issuer is not None:
            token = issuer.token(end_to_end.USER)
            await end_to_end.wait_until_serving(self._stack.gateways, token=token)
        elif os.environ.get("AUTH") != "jwt":
            await end_to_end.wait_until_serving(self._stack.gateways)

    def _announce_step(self, number: int, what: str, status: str) -> None:
        """Print one of the four steps of a start; the first one is deploy/local/bootstrap."""
        self._console.announce(f"{number}/4 {what}: {status}")

    async def _start_kafka(self, supervisor: Supervisor) -> None:
        if self._kafka:
            self._announce_step(2, "Kafka and PostgreSQL", self._kafka.plan())
            await self._kafka.prepare(supervisor.run_to_completion)
            await supervisor.start(self._kafka.broker())
        if self._services:
            await supervisor.run_to_completion(services.topics(self._stack.kafka))

    async def _start_postgres(self, supervisor: Supervisor) -> None:
        if self._postgres:
            await self._postgres.prepare(supervisor.run_to_completion, self._console.report)
            self._stack.database = self._postgres.url
            await supervisor.start(self._postgres.server())
        if self._services:
            await supervisor.run_to_completion(services.migrations(self._stack.database, self._roles()))

    async def _build_web(self, supervisor: Supervisor) -> None:
        """Build the web client; if that fails, run with the last build or without one."""
        if self._services and "WEB_ROOT" not in os.environ:
            try:
                require_node()
                self._announce_step(3, "Web client", WEB_CLIENT.plan())
                await supervisor.run_to_completion(BUILD)
            except UserError as error:
                self._announce_step(3, "Web client", f"not built: {error}")
        self._stack.web = bool(self._services and web_root())

    def _roles(self) -> services.Roles:
        """The roles of the local database; on another one the services use the URL given."""
        return {purpose: self._postgres.role_url(purpose) for purpose in PURPOSES} if self._postgres else {}

    def _local_kafka(self) -> Kafka:
        port, controller = self._ports.take("kafka", "KAFKA_PORT"), self._ports.take("kafka-controller")
        return Kafka(self._options.folder / "kafka", CACHE, port, controller)

    def _local_postgres(self) -> Postgres:
        port = self._ports.take("postgres", "POSTGRES_PORT")
        return Postgres(self._options.folder / "postgres", port, self._options.volatile)

    def _record_processes(self, processes: Sequence[ProcessHandle]) -> None:
        self._stack.processes = list(processes)
        self._stack.write()

    def _install_signal_handlers(self, supervisor: Supervisor) -> None:
        """The first signal stops everything in order, a second one kills everything."""

        def stop() -> None:
            if self._stopped.is_set():
                supervisor.kill()
            self._stopped.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, stop)


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Lock the data folder; raise UserError when another run holds it."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"a stack is running in {folder}{_describe_owner(folder)}") from None
        yield


def _describe_owner(folder: Path) -> str:
    """Return who holds the folder, waiting up to 5 s for the record of one that has just started."""
    deadline = time.monotonic() + 5
    while (stack := state.load_running(folder)) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return f" as process {stack.supervisor.pid}: {stack.headline}" if stack else ""
