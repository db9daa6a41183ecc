"""The services of one stack: their commands, environments and order."""

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deploy.local import probes
from deploy.local.frontend import FRONTEND
from deploy.local.ports import Ports
from deploy.local.process import Process, module
from gateway.settings import Settings
from message_store.settings import ProjectSettings, ServeSettings
from notifier.live.settings import LiveSettings
from shared.runtime.settings import ProcessSettings, read

SETTINGS: Mapping[str, type[ProcessSettings]] = {
    "store": ServeSettings,
    "projector": ProjectSettings,
    "notifier": LiveSettings,
    "gateway": Settings,
}
"""What each service reads at its start."""
ONCE = {"PORT": "0"}
"""For commands that serve nobody: the user's PORT is the gateway's."""


@dataclass(frozen=True)
class Counts:
    """How many of each service; a store that only reads is enough once."""

    gateways: int = 1
    notifiers: int = 1
    projectors: int = 1


@dataclass(frozen=True)
class Services:
    """Where each service listens. The first gateway's port is the one that people know."""

    gateways: Sequence[int]
    notifiers: Sequence[int]
    projectors: Sequence[int]
    store: int
    token: str = field(default_factory=lambda: os.environ.get("SERVICE_TOKEN") or secrets.token_urlsafe(32))
    """By which services know one another; made anew for each run."""

    @classmethod
    def choose(cls, counts: Counts, ports: Ports) -> "Services":
        """Takes the ports; raises Failure."""

        def several(name: str, variable: str, count: int, default: int | None = None) -> list[int]:
            first = ports.take(name, variable, default)
            return [first, *(ports.take(f"{name}-{number}") for number in range(2, count + 1))]

        return cls(
            gateways=several("gateway", "PORT", counts.gateways, 8000),
            notifiers=several("notifier", "NOTIFIER_PORT", counts.notifiers),
            projectors=several("projector", "PROJECTOR_PORT", counts.projectors),
            store=ports.take("store", "STORE_PORT"),
        )

    def check(self) -> None:
        """Ends this process with a line that names what a service would refuse."""
        for process, *_ in self.stages("127.0.0.1:1", "postgresql://127.0.0.1/any"):
            read(SETTINGS[process.name], **{name.lower(): value for name, value in process.env.items()})

    def stages(self, kafka: str, database: str) -> list[list[Process]]:
        """In the order of the way of a message, backwards: who is asked comes before who asks."""
        log, rows = {"KAFKA_BOOTSTRAP": kafka}, {"DATABASE_URL": database}
        token = {"SERVICE_TOKEN": self.token}
        links = ",".join(f"127.0.0.1:{port}" for port in self.notifiers)
        auth = {"AUTH": os.environ.get("AUTH") or "dev"}
        web = {"WEB_ROOT": web_root()}
        behind = {"STORE_URL": f"http://127.0.0.1:{self.store}", "NOTIFIERS": links, **token}
        door = {**log, **auth, **web, **behind}
        return [
            [_service("store", self.store, module("message_store", "serve"), {**rows, **token})],
            _services("projector", self.projectors, module("message_store", "project"), {**rows, **log}),
            _services("notifier", self.notifiers, module("notifier", "live"), {**log, **token}),
            _services("gateway", self.gateways, module("gateway"), door),
        ]


def web_root() -> str:
    """The folder of the built web client; empty for none."""
    return os.environ.get("WEB_ROOT", str(FRONTEND.page or ""))


def topics(kafka: str) -> Process:
    """The command that makes the topics, again and again without harm."""
    partitions = os.environ.get("PARTITIONS") or "12"
    env = {**ONCE, "KAFKA_BOOTSTRAP": kafka, "PARTITIONS": partitions}
    return Process("topics", module("shared.log.topics"), env, quiet=True)


def migrations(database: str) -> Process:
    """The command that brings the database's tables up to date."""
    env = {**ONCE, "DATABASE_URL": database}
    return Process("migrations", module("message_store", "migrate"), env, quiet=True)


def _services(name: str, ports: Sequence[int], argv: Sequence[str], env: Mapping[str, str]) -> list[Process]:
    names = [name, *(f"{name}-{number}" for number in range(2, len(ports) + 1))]
    return [_service(each, port, argv, env) for each, port in zip(names, ports, strict=True)]


def _service(name: str, port: int, argv: Sequence[str], env: Mapping[str, str]) -> Process:
    here = {"HOST": "127.0.0.1", "PORT": str(port), "ENV": "development", "PYTHONUNBUFFERED": "1"}
    return Process(name, argv, {**env, **here}, ready=probes.http(port), ports=(port,))
