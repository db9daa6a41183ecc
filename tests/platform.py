"""A real Kafka and a real PostgreSQL for the tests, and whole stacks of real processes.

Kafka and PostgreSQL are those of TEST_KAFKA_BOOTSTRAP and TEST_DATABASE_URL, else containers if a Docker
engine answers, else processes on this machine. If none of these works, the tests fail.
"""

import os
import secrets
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from deploy.local.dependencies.postgres import Postgres
from deploy.local.stack.daemon import running_stack
from deploy.local.stack.state import Stack
from deploy.local.supervisor.console import Console
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.runner import StackContext
from deploy.local.supervisor.supervisor import Supervisor

Result = TypeVar("Result")


@dataclass(frozen=True)
class Platform:
    """The addresses of Kafka and PostgreSQL."""

    kafka: str
    """host:port"""
    database: str
    """URL of a role that may create databases."""


@contextmanager
def platform() -> Iterator[Platform]:
    """Provide Kafka and PostgreSQL for a session of tests; starting them takes seconds."""
    kafka, database = os.environ.get("TEST_KAFKA_BOOTSTRAP"), os.environ.get("TEST_DATABASE_URL")
    with ExitStack() as stack:
        if not (kafka and database) and docker_answers():
            kafka = kafka or stack.enter_context(kafka_container())
            database = database or stack.enter_context(postgres_container())
        if not (kafka and database):
            given = [*(["--kafka", kafka] if kafka else []), *(["--database", database] if database else [])]
            local = stack.enter_context(local_stack("--no-services", *given))
            kafka, database = local.kafka, local.database
        yield Platform(kafka, database)


def docker_answers() -> bool:
    """Whether a Docker engine answers at DOCKER_HOST or at its default address."""
    engine = urlsplit(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    local = engine.scheme == "unix"
    try:
        with socket.socket(socket.AF_UNIX if local else socket.AF_INET) as connection:
            connection.settimeout(5)
            connection.connect(engine.path if local else (engine.hostname, engine.port))
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


@contextmanager
def kafka_container() -> Iterator[str]:
    """Run a broker in a container, with the settings that Parley needs; yield its host:port."""
    from testcontainers.community.kafka import KafkaContainer

    container = KafkaContainer("confluentinc/cp-kafka:7.6.0").with_kraft()
    container.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
    container.with_env("KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS", "1000")
    container.with_env("KAFKA_MESSAGE_MAX_BYTES", "3145728")
    with container:
        yield container.get_bootstrap_server()


@contextmanager
def postgres_container() -> Iterator[str]:
    """Run a server in a container; yield its URL."""
    from testcontainers.community.postgres import PostgresContainer

    container = PostgresContainer("postgres:15", driver=None)
    container.with_command("postgres -c fsync=off -c max_connections=200")
    with container:
        yield container.get_connection_url()


@contextmanager
def local_stack(*arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """Run a stack of real processes in a temporary folder."""
    with (
        _open_folder("parley-test-") as folder,
        running_stack(folder, "--volatile", *arguments, env=env) as stack,
    ):
        yield stack


@contextmanager
def fresh_database(admin_url: str) -> Iterator[str]:
    """Create an empty database and yield its URL; drop it after the block, also if clients are connected."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(admin_url)._replace(path=f"/{name}").geturl()
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@dataclass(frozen=True)
class PlainServer:
    """A PostgreSQL with its own defaults."""

    database: str
    """URL of a superuser."""
    log: Path


@asynccontextmanager
async def plain_server() -> AsyncIterator[PlainServer]:
    """Run a PostgreSQL with the settings of `initdb`, except for the port and without a Unix socket."""
    with _open_folder("parley-plain-") as folder:
        ports = Ports({}, {})
        port = ports.take("postgres")
        server = Postgres(folder / "postgres", port, settings={"unix_socket_directories": ""})
        context = StackContext(Console(), ports, folder)
        async with Supervisor(context, lambda _: None) as supervisor:
            await server.prepare(supervisor.run_to_completion, context.console.report)
            await supervisor.start(server.server())
            yield PlainServer(server.url, folder / "postgres" / "console.log")


@contextmanager
def _open_folder(prefix: str) -> Iterator[Path]:
    """Create a temporary folder that other users can enter."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o711)  # PostgreSQL's user must get through
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_topic_prefix() -> str:
    """Return a topic prefix that no other test uses."""
    return f"t{secrets.token_hex(6)}."


def eventually(probe: Callable[[], Result | None], what: str, seconds: float = 15) -> Result:
    """Poll `probe` and return its first true result; block, and fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (result := probe()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return result


@contextmanager
def away(stack: Stack, name: str) -> Iterator[None]:
    """Kill one process of a stack; it is restarted only after the block."""
    suspend = stack.folder / "suspend" / name
    suspend.parent.mkdir(exist_ok=True)
    suspend.touch()
    try:
        process = stack.reload().process(name)
        process.signal(signal.SIGKILL)
        process.wait(10)
        yield
    finally:
        suspend.unlink()
