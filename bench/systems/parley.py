"""A stack of Parley on free ports, from this checkout or another, in a folder that is removed afterwards.

Both are started by `python -m deploy.local up` and read through stack.json, so that another commit's stack
may have other modules inside.
"""

import asyncio
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import aiohttp
import psutil
import psycopg
from pydantic import BaseModel

from bench.load.plan import Conversation
from bench.load.protocols import ProtocolName
from bench.systems import seed_events
from deploy.local.errors import UserError
from deploy.local.paths import ROOT
from gateway.limits.settings import UNLIMITED

PARTITIONS = int(os.environ.get("PARTITIONS") or 12)
_JVM_OPTIONS = os.environ.get("KAFKA_OPTS", "")
_CONVERSATIONS_TIMEOUT_SECONDS = 120
_MAX_STARTING = 64
_PORTS = (
    *("KAFKA_PORT", "POSTGRES_PORT", "STORE_PORT", "PROJECTOR_PORT", "NOTIFIER_PORT"),
    *("ADMIN_PORT", "STORE_ADMIN_PORT", "PROJECTOR_ADMIN_PORT", "NOTIFIER_ADMIN_PORT"),
)
_FREE_PORTS = {**dict.fromkeys(_PORTS, ""), "PORT": "0", "WEB_ROOT": ""}
_UNLIMITED = {name.upper(): str(value) for name, value in UNLIMITED.items()}
_CLIENT_IDS = "select client_id from messages where conversation_id = any(%s::uuid[]) and client_id like %s"
_POSTGRES_SETTINGS = """
select name, setting, unit from pg_settings
where name in ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'jit')
"""


class ProcessEntry(BaseModel):
    name: str
    pid: int


class Stack(BaseModel):
    """What the bench reads of stack.json."""

    folder: Path
    kafka: str = ""
    """host:port"""
    database: str = ""
    """A URL with the password."""
    gateways: list[str] = []
    """URLs."""
    notifiers: list[str] = []
    projectors: list[str] = []
    store: str = ""
    admin: dict[str, str] = {}
    """URL of each process's admin port. Earlier checkouts have none: there the port for clients serves it."""
    supervisor: ProcessEntry
    processes: list[ProcessEntry] = []

    def admin_url(self, name: str) -> str:
        """Where the process of this name answers probes and serves metrics; raises KeyError."""
        services = {
            "gateway": self.gateways,
            "notifier": self.notifiers,
            "projector": self.projectors,
            "store": [self.store],
        }
        earlier = {
            kind if number == 1 else f"{kind}-{number}": url
            for kind, urls in services.items()
            for number, url in enumerate(urls, 1)
        }
        return {**earlier, **self.admin}[name]

    def pids(self) -> dict[str, int]:
        """By name, as they are now: processes that die are started again."""
        stack = Stack.model_validate_json((self.folder / "stack.json").read_text())
        return {entry.name: entry.pid for entry in stack.processes}

    def process(self, name: str) -> psutil.Process:
        """The process of this name; raises KeyError."""
        return psutil.Process(self.pids()[name])


@contextmanager
def work_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    folder.chmod(0o711)  # PostgreSQL's user must get through
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_stack(
    folder: Path, *arguments: str, checkout: Path = ROOT, env: Mapping[str, str] | None = None
) -> Iterator[Stack]:
    """A stack with its data in `folder`, ready when entered, stopped when left.

    `arguments` are those of `deploy.local up`. Limits of users are off unless `env` sets them. Raises
    UserError when the stack does not become ready.
    """
    all_env = {**os.environ, **_FREE_PORTS, **_UNLIMITED, **(env or {}), "DATA_DIR": str(folder)}

    def deploy_local(*words: str) -> None:
        command = [str(checkout / ".venv" / "bin" / "python"), "-m", "deploy.local", *words]
        done = subprocess.run(command, cwd=checkout, env=all_env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UserError(f"{' '.join(words)}: {done.stderr.strip()[-500:]}")

    try:
        deploy_local("up", *arguments)
        yield Stack.model_validate_json((folder / "stack.json").read_text())
    finally:
        deploy_local("down")


class Parley:
    """A stack, as the scenarios of messages need it."""

    protocol: ProtocolName = "parley"
    echo = True
    warm_up_rate = 800.0

    def __init__(self, stack: Stack, name: str = "parley", checkout: Path = ROOT) -> None:
        self.stack = stack
        self.name = name
        self._checkout = checkout

    @property
    def address(self) -> str:
        return " ".join(map(socket_url, self.stack.gateways))

    def processes(self) -> dict[str, int]:
        return {**self.stack.pids(), self.stack.supervisor.name: self.stack.supervisor.pid}

    def start(self, conversations: Sequence[Conversation]) -> list[Conversation]:
        """Direct conversations over the API; groups by an event, because no API starts them."""
        direct = [conversation for conversation in conversations if len(conversation.members) == 2]
        groups = [conversation for conversation in conversations if len(conversation.members) > 2]
        asyncio.run(start_conversations(self.stack.gateways[0], direct))
        asyncio.run(seed_events.write(self.stack.kafka, PARTITIONS, map(seed_events.started, groups)))
        return list(conversations)

    def history(self, conversations: Sequence[Conversation], round_name: str) -> list[str]:
        ids = [conversation.id for conversation in conversations]
        with psycopg.connect(self.stack.database) as connection:
            return [row[0] for row in connection.execute(_CLIENT_IDS, (ids, f"{round_name}.%"))]

    def settings(self) -> dict[str, str]:
        return {
            **postgres_settings(self.stack.database),
            "commit": _commit(self._checkout),
            "Kafka": _kafka_version(self._checkout),
            "Kafka's JVM": _JVM_OPTIONS or "its defaults",
            "Python": platform.python_version(),
            **{name: version(name) for name in ("uvicorn", "aiokafka", "psycopg")},
            "gateways": str(len(self.stack.gateways)),
            "partitions": str(PARTITIONS),
        }


@contextmanager
def parley(
    *arguments: str, name: str = "parley", checkout: Path = ROOT, env: Mapping[str, str] | None = None
) -> Iterator[Parley]:
    """A stack that syncs its data to disk as `make run` does; `arguments` are those of `deploy.local up`.

    Kafka's code is compiled in full as in production, not by the first stage only as for a quick start.
    """
    environment = {"KAFKA_OPTS": _JVM_OPTIONS, **(env or {})}
    with (
        work_folder() as folder,
        running_stack(folder, *arguments, checkout=checkout, env=environment) as stack,
    ):
        yield Parley(stack, name, checkout)


def socket_url(gateway: str) -> str:
    """Where a gateway's WebSocket is, but for the user id at its end."""
    return f"{gateway.replace('http', 'ws', 1)}/ws?token="


async def start_conversations(gateway: str, conversations: Sequence[Conversation]) -> None:
    """Start direct conversations over HTTP; raises TimeoutError."""
    slots = asyncio.Semaphore(_MAX_STARTING)
    async with aiohttp.ClientSession(gateway) as client:

        async def start(conversation: Conversation) -> None:
            user, peer = conversation.members
            async with slots:
                while True:
                    path = f"/messages/start?meId={quote(user)}"
                    async with client.post(path, json={"peerId": peer}) as answer:
                        if answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                            answer.raise_for_status()
                            assert (await answer.json())["id"] == conversation.id
                            return
                    await asyncio.sleep(1)  # it was not projected in time; safe to repeat

        async with asyncio.timeout(_CONVERSATIONS_TIMEOUT_SECONDS):
            await asyncio.gather(*map(start, conversations))


def postgres_settings(database: str) -> dict[str, str]:
    """The server's version, and what matters of its configuration."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(_POSTGRES_SETTINGS)
        return {f"PostgreSQL {name}": f"{value}{' × ' + unit if unit else ''}" for name, value, unit in rows}


def _commit(checkout: Path) -> str:
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def _kafka_version(checkout: Path) -> str:
    pom = next(checkout.glob("deploy/local/**/pom.xml")).read_text()
    return str(re.findall(r"kafka_2.13</artifactId>\s*<version>([^<]+)", pom)[0])
