"""The environment variables of a gateway."""

from typing import Annotated, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import DirectoryPath, Field, field_validator, model_validator

from gateway.auth import hosts
from gateway.auth.settings import AuthSettings
from gateway.limits.settings import LimitSettings
from gateway.proxies.settings import ProxySettings
from shared.http.server import MAX_MESSAGE_BYTES
from shared.runtime.environment import CommaSeparated, EmptyIsNone
from shared.runtime.service_settings import CallerSettings
from shared.runtime.settings import KafkaSettings, TracingSettings

KIB = 1024


class Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def _default_max_sockets(max_connections: int) -> int:
    return min(20_000, max_connections * 9 // 10)


class Settings(AuthSettings, ProxySettings, LimitSettings, KafkaSettings, CallerSettings, TracingSettings):
    port: int = Field(default=8000, ge=0, le=65_535)
    store_url: str = Field(pattern=r"^https?://[^/]+$")
    """Where `message_store serve` answers."""
    notifiers: CommaSeparated
    """host:port of every notifier; a name with several addresses stands for all of them."""
    allow_insecure_internal: bool = False
    """Allow calls to message-store and notifiers in the clear with ENV=production, where the network itself
    encrypts and authenticates them."""
    heartbeat_seconds: int = Field(default=15, ge=1, le=300)
    registered_within: float = Field(default=10, gt=0, le=60)
    """Seconds until every notifier must know a new socket's user; else the socket is closed with a delay."""
    max_body: int = Field(default=64 * KIB, ge=KIB)
    max_frame: int = Field(default=64 * KIB, ge=KIB, le=MAX_MESSAGE_BYTES)
    """A larger frame gets `error too_big`; beyond MAX_MESSAGE_BYTES it ends the socket (1009)."""
    max_sockets: int = Field(default_factory=lambda data: _default_max_sockets(data["max_connections"]), ge=1)
    """Below `max_connections`, so that sockets leave room for calls and probes."""
    arrivals_per_second: float = Field(default=200, ge=1, le=100_000)
    """Sockets a second that are let in; faster ones wait or come back later."""
    max_socket_age: float = Field(default=0, ge=0, le=31 * 86_400, allow_inf_nan=False)
    """Seconds after which, at most, a socket is requested to reconnect, so that new gateways get sockets; 0:
    never. Each leaves at an age of its own from half of it on."""
    outbox_frames: int = Field(default=2_048, ge=256)
    outbox_bytes: int = Field(default=KIB * KIB, ge=512 * KIB)
    """The most that may wait for one slow client before its socket is closed. Half of it must hold a page of
    missed entries: 100 frames and MAX_SYNC_PAGE_BYTES of them."""

    web_root: Annotated[DirectoryPath | None, EmptyIsNone] = None
    """The built web client, served at `/`."""

    @field_validator("notifiers")
    @classmethod
    def _host_and_port(cls, notifiers: list[str]) -> list[str]:
        if not notifiers or not all(_is_address(notifier) for notifier in notifiers):
            raise ValueError("must be host:port, several separated by commas")
        return notifiers

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check_internal()
        if self.max_sockets >= self.max_connections:
            raise ValueError(f"MAX_SOCKETS must be below MAX_CONNECTIONS ({self.max_connections})")
        return self

    def _check_internal(self) -> None:
        """Require that what answers at STORE_URL and NOTIFIERS proves that it is Parley's: it gets the
        SERVICE_TOKEN, and can write to every client. Raises ValueError."""
        if (self.internal_tls() is not None) != self.store_url.startswith("https:"):
            raise ValueError("STORE_URL with https:// and INTERNAL_CA_FILE: set both or none")
        inner = [
            urlsplit(self.store_url).hostname or "",
            *(address.host for address in self.notifier_addresses),
        ]
        is_local = all(hosts.is_loopback(host.strip("[]")) for host in inner)
        if self.env == "production" and not (
            is_local or self.internal_ca_file is not None or self.allow_insecure_internal
        ):
            raise ValueError(
                "ENV=production needs INTERNAL_CA_FILE and TLS at message-store and notifiers, or "
                "ALLOW_INSECURE_INTERNAL=true where the network itself encrypts and authenticates"
            )

    @property
    def notifier_addresses(self) -> list[Address]:
        return [Address(host, int(port)) for host, _, port in (n.rpartition(":") for n in self.notifiers)]


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and 0 < int(port) < 65_536
