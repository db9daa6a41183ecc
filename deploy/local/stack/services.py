"""The services of one stack: their commands, environment and start order."""

import base64
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deploy.local.dependencies.web_client import WEB_CLIENT
from deploy.local.issuer import LocalIssuer
from deploy.local.supervisor import health_checks
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.process import Process, module
from gateway.auth.ticket_keys import KEY_BYTES
from gateway.settings import Settings
from message_store.settings import ProjectSettings, ServeSettings
from message_store.storage.roles import PURPOSES
from notifier.live.settings import LiveSettings
from shared.runtime.settings import ProcessSettings, ServiceSettings, load_settings

SERVICE_SETTINGS: Mapping[str, type[ProcessSettings]] = {
    "store": ServeSettings,
    "projector": ProjectSettings,
    "notifier": LiveSettings,
    "gateway": Settings,
}
Roles = Mapping[str, str]
"""URLs of the database by purpose (`message_store.storage.roles`)."""
NO_ROLES: Roles = {}
NO_PORT = {"PORT": "0", "ADMIN_PORT": "0"}
"""For commands that serve nothing: the ports of the environment are the gateway's."""
_STOP_MARGIN_SECONDS = 2.0
"""Beyond DRAIN_SECONDS, within which services end."""


def _service_token() -> str:
    """Return the token of SERVICE_TOKEN or SERVICE_TOKEN_FILE, else a new one. Exits with a line that names
    the setting, if it is wrong."""
    if os.environ.get("SERVICE_TOKEN") or os.environ.get("SERVICE_TOKEN_FILE"):
        return load_settings(ServiceSettings).service_token.get_secret_value()
    return secrets.token_urlsafe(32)


def _ticket_keys() -> str:
    """Return the keys of TICKET_KEYS or TICKET_KEYS_FILE, else a new one."""
    given = os.environ.get("TICKET_KEYS") or os.environ.get("TICKET_KEYS_FILE")
    return "" if given else base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


@dataclass(frozen=True)
class Counts:
    """How many of each service to run; there is always one store, which only reads."""

    gateways: int = 1
    notifiers: int = 1
    projectors: int = 1


@dataclass(frozen=True)
class Services:
    """The ports of the services; PORT and ADMIN_PORT are the first gateway's."""

    gateways: Sequence[int]
    notifiers: Sequence[int]
    projectors: Sequence[int]
    store: int
    admin: Mapping[str, int]
    """The admin port of each process, by its name."""
    token: str = field(default_factory=_service_token)
    """Authenticates the services to one another; a new one for each run."""
    ticket_keys: str = field(default_factory=_ticket_keys)
    """Seal WebSocket tickets, for all gateways; empty when the environment has them."""

    issuer: LocalIssuer | None = None
    """Signs the tokens that the gateways accept; None with AUTH=dev, and when JWT_KEYS names another."""

    @classmethod
    def choose(cls, counts: Counts, ports: Ports, issuer: LocalIssuer | None = None) -> "Services":
        """Take the ports; raise UserError if a configured one is not free."""

        def take(name: str, variable: str, count: int, default: int | None = None) -> list[int]:
            first = ports.take(name, variable, default)
            return [first, *(ports.take(other) for other in _names(name, count)[1:])]

        def take_admin(name: str, count: int) -> dict[str, int]:
            variable = "ADMIN_PORT" if name == "gateway" else f"{name.upper()}_ADMIN_PORT"
            taken = take(f"{name}-admin", variable, count)
            return dict(zip(_names(name, count), taken, strict=True))

        return cls(
            gateways=take("gateway", "PORT", counts.gateways, 8000),
            notifiers=take("notifier", "NOTIFIER_PORT", counts.notifiers),
            projectors=take("projector", "PROJECTOR_PORT", counts.projectors),
            store=ports.take("store", "STORE_PORT"),
            admin={
                **take_admin("gateway", counts.gateways),
                **take_admin("notifier", counts.notifiers),
                **take_admin("projector", counts.projectors),
                **take_admin("store", 1),
            },
            issuer=issuer,
        )

    def check_settings(self) -> None:
        """Exit with a line that names the setting, if a service would refuse one."""
        for process, *_ in self.stages("127.0.0.1:1", "postgresql://127.0.0.1/any"):
            settings = {name.lower(): value for name, value in process.env.items()}
            load_settings(SERVICE_SETTINGS[process.name], **settings)

    def stages(self, kafka: str, database: str, roles: Roles = NO_ROLES) -> list[list[Process]]:
        """Return the services in start order: each one's dependencies come before it. Without a role of its
        own a service uses `database`."""
        log, token = {"KAFKA_BOOTSTRAP": kafka}, _secret("SERVICE_TOKEN", self.token)
        write = _secret("DATABASE_URL", roles.get("projector", database))
        read = _secret("DATABASE_URL", roles.get("reader", database))
        if "tickets" in roles:
            read |= _secret("TICKETS_DATABASE_URL", roles["tickets"])
        gateway = {
            **log,
            **token,
            **(_secret("TICKET_KEYS", self.ticket_keys) if self.ticket_keys else {}),
            "AUTH": os.environ.get("AUTH") or "dev",
            **(self.issuer.settings(self.gateways) if self.issuer else {}),
            "WEB_ROOT": web_root(),
            "STORE_URL": f"http://127.0.0.1:{self.store}",
            "NOTIFIERS": ",".join(f"127.0.0.1:{port}" for port in self.notifiers),
        }
        project = module("message_store", "project")
        return [
            self._processes("store", [self.store], module("message_store", "serve"), {**read, **token}),
            self._processes("projector", self.projectors, project, {**write, **log}),
            self._processes("notifier", self.notifiers, module("notifier", "live"), {**log, **token}),
            self._processes("gateway", self.gateways, module("gateway"), gateway),
        ]

    def _processes(
        self, name: str, ports: Sequence[int], argv: Sequence[str], env: Mapping[str, str]
    ) -> list[Process]:
        names = _names(name, len(ports))
        return [
            _service(each, port, self.admin[each], argv, env) for each, port in zip(names, ports, strict=True)
        ]


def web_root() -> str:
    """Return the folder of the built web client; empty for none."""
    return os.environ.get("WEB_ROOT", str(WEB_CLIENT.dist or ""))


def topics(kafka: str) -> Process:
    """Return the command that creates the topics; idempotent."""
    partitions = os.environ.get("PARTITIONS") or "12"
    env = {**NO_PORT, "KAFKA_BOOTSTRAP": kafka, "PARTITIONS": partitions}
    return Process("topics", module("shared.log.topics"), env, quiet=True)


def migrations(database: str, roles: Roles = NO_ROLES) -> Process:
    """Return the command that migrates the database and sets up the roles."""
    env = {**NO_PORT, **_secret("DATABASE_URL", database)}
    for purpose, url in roles.items():
        env |= _secret(PURPOSES[purpose].setting, url)
    return Process("migrations", module("message_store", "migrate"), env, quiet=True)


def _secret(name: str, value: str) -> dict[str, str]:
    """Return the environment that gives a process this value, whatever file the stack's own names."""
    return {name: value, f"{name}_FILE": ""}


def _names(name: str, count: int) -> list[str]:
    return [name, *(f"{name}-{number}" for number in range(2, count + 1))]


def _service(name: str, port: int, admin_port: int, argv: Sequence[str], env: Mapping[str, str]) -> Process:
    common = {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "ADMIN_HOST": "127.0.0.1",
        "ADMIN_PORT": str(admin_port),
        "ENV": "development",
        "PYTHONUNBUFFERED": "1",
    }
    return Process(
        name,
        argv,
        {**env, **common},
        is_ready=health_checks.http(admin_port),
        ports=(port, admin_port),
        stop_timeout=load_settings(ProcessSettings, port=0, admin_port=0).drain_seconds
        + _STOP_MARGIN_SECONDS,
    )
