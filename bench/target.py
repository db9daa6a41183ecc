"""What is measured: a stack of real processes of its own, on free ports, in a folder that goes with it."""

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import httpx
import psycopg

from bench.plan import Pair
from bench.wires import Wire
from deploy.local.dependencies.kafka import CONFIG_FOLDER
from deploy.local.stack.daemon import running_stack
from deploy.local.stack.state import Stack

_JVM = os.environ.get("KAFKA_OPTS", "")
_ROWS = "select client_id from messages where conversation_id = any(%s::uuid[]) and client_id like %s"


class Target(Protocol):
    """A server with a database of its own, both made for the bench."""

    name: str
    wire: Wire
    copies: int
    """How many sockets a message comes to: 2 when its sender is told too."""
    warm: float
    """Messages a second that it carries with ease, for the time that does not count."""

    @property
    def socket(self) -> str:
        """As the wire wants it."""

    def processes(self) -> dict[str, int]:
        """pids by name, as they are now; together the whole tree, its database included."""

    def begin(self, pairs: Sequence[Pair]) -> list[str]:
        """Makes users and conversations; what the server calls these. Blocks until all are there."""

    def history(self, pairs: Sequence[Pair], round_name: str) -> list[str]:
        """The names of all messages of a round in the database, each as often as it is there in full."""

    def settings(self) -> dict[str, str]:
        """Versions, and what was set."""


class Parley:
    """The stack, as the bench needs it."""

    wire: Wire = "parley"
    copies = 2
    warm = 800.0

    def __init__(self, stack: Stack, name: str = "parley") -> None:
        self.stack = stack
        self.name = name

    @property
    def socket(self) -> str:
        """The user id comes after it. Several gateways: their addresses are separated by spaces."""
        return " ".join(f"{url.replace('http', 'ws', 1)}/ws?token=" for url in self.stack.gateways)

    def processes(self) -> dict[str, int]:
        stack = self.stack.reload()
        return {process.name: process.pid for process in (*stack.processes, stack.supervisor)}

    def begin(self, pairs: Sequence[Pair]) -> list[str]:
        with httpx.Client(base_url=self.stack.gateways[0], timeout=10) as client:
            for pair in pairs:
                answer = client.post(f"/messages/start?meId={quote(pair.a)}", json={"peerId": pair.b})
                answer.raise_for_status()
                assert answer.json()["id"] == pair.conversation
        return [pair.conversation for pair in pairs]

    def history(self, pairs: Sequence[Pair], round_name: str) -> list[str]:
        conversations = [pair.conversation for pair in pairs]
        with psycopg.connect(self.stack.database) as connection:
            return [row[0] for row in connection.execute(_ROWS, (conversations, f"{round_name}.%"))]

    def settings(self) -> dict[str, str]:
        libraries = ("uvicorn", "aiokafka", "psycopg")
        return {
            **postgres(self.stack.database),
            "Kafka": _kafka(),
            "Kafka's JVM": _JVM or "its defaults",
            "Python": platform.python_version(),
            **{name: version(name) for name in libraries},
            "gateways": str(len(self.stack.gateways)),
            "partitions": os.environ.get("PARTITIONS") or "12",
        }


def _kafka() -> str:
    (found,) = re.findall(
        r"kafka_2.13</artifactId>\s*<version>([^<]+)", (CONFIG_FOLDER / "pom.xml").read_text()
    )
    return str(found)


def postgres(database: str) -> dict[str, str]:
    """What matters of the server's settings."""
    names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "jit")
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "select name, setting, unit from pg_settings where name = any(%s)", [list(names)]
        )
        return {f"PostgreSQL {name}": f"{value}{' × ' + unit if unit else ''}" for name, value, unit in rows}


@contextmanager
def parley(*arguments: str, name: str = "parley") -> Iterator[Parley]:
    """Ready when entered, gone with its data when left. Data are synced to disk as in `make run`; `arguments`
    are those of `deploy.local run`. Kafka's code is compiled as in production, not as for a quick start."""
    env = {"KAFKA_OPTS": _JVM}
    with work_folder() as folder, running_stack(folder, *arguments, env=env) as stack:
        yield Parley(stack, name)


@contextmanager
def work_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    folder.chmod(0o711)  # PostgreSQL's user must get through
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
