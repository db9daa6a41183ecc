"""The environment variables of a gateway."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    DirectoryPath,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_core import Url, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gateway.auth import hosts, origins, ticket_keys
from gateway.auth.keys import ALGORITHMS, InvalidKeys, parse_keys
from gateway.limits.settings import LimitSettings
from gateway.proxies.root_path import canonical_prefix
from gateway.proxies.trusted_proxies import NO_PROXIES, ForwardedHeader, TrustedProxies
from shared.runtime.service_settings import CallerSettings
from shared.runtime.settings import KafkaSettings, ProcessSettings, TracingSettings

KIB = 1024


class Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def _split_list(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


CommaSeparated = Annotated[list[str], NoDecode, BeforeValidator(_split_list)]
"""Comma-separated."""


_EmptyIsNone = BeforeValidator(lambda value: value or None)


def _http_origin(url: str) -> str:
    origin = origins.canonical(url)
    if not origin.startswith(("http://", "https://")):
        raise ValueError("must begin with https:// or http://")
    return origin


def _canonical_origins(texts: list[str]) -> list[str]:
    return [origin if origin == "*" else origins.canonical(origin) for origin in texts]


def _canonical_hosts(names: list[str]) -> list[str]:
    return [hosts.canonical_host(name) for name in names]


def _known_algorithms(names: list[str]) -> list[str]:
    if not names or not set(names) <= set(ALGORITHMS):
        raise ValueError(f"must be among {', '.join(ALGORITHMS)}")
    return names


def _canonical_proxies(texts: list[str]) -> list[str]:
    if texts != [NO_PROXIES]:
        TrustedProxies.parse(texts)
    return texts


def _default_max_sockets(max_connections: int) -> int:
    return min(20_000, max_connections * 9 // 10)


def _issuer(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and hosts.is_loopback(parts.hostname or "")):
        raise ValueError("must begin with https:// (http:// is for issuers on this machine)")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must be a URL without user, query and fragment")
    _origin_of(url)
    return url


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return origins.canonical(f"{parts.scheme}://{parts.netloc}")


def _openid_scope(scope: str) -> str:
    if "openid" not in scope.split():
        raise ValueError("must contain openid")
    return scope


class OidcSettings(BaseSettings):
    """How users of the web client sign in. Needs AUTH=jwt."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    oidc_issuer: Annotated[Annotated[str, AfterValidator(_issuer)] | None, _EmptyIsNone] = None
    """The identity provider, an OpenID Connect issuer. Without it the web client cannot sign in."""
    oidc_client_id: str = ""
    """The web client's id at the issuer: a public client."""
    oidc_scope: Annotated[str, AfterValidator(_openid_scope)] = "openid"
    """Separated by spaces."""

    @property
    def oidc_origins(self) -> list[str]:
        """The origin of the issuer's endpoints, if there is one."""
        return [] if self.oidc_issuer is None else [_origin_of(self.oidc_issuer)]


class JwtSettings(BaseSettings):
    """Settings of AUTH=jwt."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    jwt_keys: str = ""
    """The issuer's public keys: the URL of a JWKS, the path of a file with a JWKS or PEM, or PEM itself."""
    jwt_algorithms: Annotated[CommaSeparated, AfterValidator(_known_algorithms)] = Field(default=["RS256"])
    jwt_issuer: str = ""
    """`iss` of every token."""
    jwt_audience: CommaSeparated = Field(default=[])
    """`aud` of a token must name one of them."""
    jwt_user_claim: str = Field(default="sub", min_length=1)
    """The claim that holds the user id."""
    jwt_max_age: float = Field(default=86_400, gt=0, le=31 * 86_400, allow_inf_nan=False)
    """The longest life of a token in seconds, from `iat` to `exp`."""
    jwt_leeway: float = Field(default=30, ge=0, le=60)
    """Seconds by which the issuer's clock may differ."""
    allow_url_tokens: bool = False
    """Take an access token from the URL of a WebSocket, `?token=<jwt>`."""

    @property
    def jwt_keys_are_remote(self) -> bool:
        return self.jwt_keys.startswith(("https://", "http://"))

    def _jwt_faults(self, env: str) -> Iterator[str]:
        """What AUTH=jwt lacks."""
        names = ("jwt_keys", "jwt_issuer", "jwt_audience")
        missing = [name.upper() for name in names if not getattr(self, name)]
        if missing:
            yield f"AUTH=jwt needs {', '.join(missing)}"
        elif self.jwt_keys_are_remote:
            try:
                url = Url(self.jwt_keys)
            except ValidationError:
                yield "JWT_KEYS is not a URL"
                return
            is_local = hosts.is_loopback((url.host or "").strip("[]"))
            if url.scheme == "http" and env == "production" and not is_local:
                yield "JWT_KEYS must begin with https:// when ENV=production"
        else:
            try:
                text = self.jwt_keys
                parse_keys(text if "-----" in text else Path(text).read_text(), self.jwt_algorithms)
            except InvalidKeys as error:
                yield f"JWT_KEYS {error}"
            except (OSError, UnicodeError) as error:
                yield f"JWT_KEYS cannot be read: {type(error).__name__}"


class Settings(
    ProcessSettings,
    KafkaSettings,
    CallerSettings,
    JwtSettings,
    LimitSettings,
    OidcSettings,
    TracingSettings,
):
    port: int = Field(default=8000, ge=0, le=65_535)
    store_url: str = Field(pattern=r"^https?://[^/]+$")
    """Where `message_store serve` answers."""
    notifiers: CommaSeparated
    """host:port of every notifier; a name with several addresses stands for all of them."""
    allow_insecure_internal: bool = False
    """Allow calls to message-store and notifiers in the clear with ENV=production, where the network itself
    encrypts and authenticates them."""
    auth: Literal["dev", "jwt"]
    """`dev`: the user id that a caller gives is trusted. `jwt`: callers prove it by an access token."""
    allow_insecure_auth: bool = False
    """Allow `AUTH=dev` even where other machines reach the gateway."""
    public_url: Annotated[Annotated[str, AfterValidator(_http_origin)] | None, _EmptyIsNone] = None
    """Scheme, host and port under which browsers reach the gateway: its own origin."""
    allowed_hosts: Annotated[CommaSeparated, AfterValidator(_canonical_hosts)] = Field(default=[])
    """Further host names that the gateway answers as, at any port."""
    allowed_origins: Annotated[CommaSeparated, AfterValidator(_canonical_origins)] = Field(default=[])
    """Further origins from which browsers may call; `*` for all."""
    heartbeat_seconds: int = Field(default=15, ge=1, le=300)
    registered_within: float = Field(default=10, gt=0, le=60)
    """Seconds until every notifier must know a new socket's user; else the socket is closed with a delay."""
    max_body: int = Field(default=64 * KIB, ge=KIB)
    max_frame: int = Field(default=64 * KIB, ge=KIB)
    max_sockets: int = Field(default_factory=lambda data: _default_max_sockets(data["max_connections"]), ge=1)
    """Below `max_connections`, so that sockets leave room for calls and probes."""
    arrivals_per_second: float = Field(default=200, ge=1, le=100_000)
    """Sockets a second that are let in, and on SIGTERM sent away; faster ones wait or come back later."""
    outbox_frames: int = Field(default=2_048, ge=256)
    outbox_bytes: int = Field(default=KIB * KIB, ge=512 * KIB)
    """The most that may wait for one slow client before its socket is closed. Half of it must hold a page of
    missed entries: 100 frames and MAX_SYNC_PAGE_BYTES of them."""

    trusted_proxies: Annotated[CommaSeparated, AfterValidator(_canonical_proxies)] = Field(default=[])
    """Addresses and networks of the reverse proxies in front; `none`: clients connect directly. Limits by
    address apply once it is set."""
    forwarded_header: ForwardedHeader = ForwardedHeader.X_FORWARDED_FOR
    """The header in which the trusted proxies write the client's address."""
    root_path: Annotated[str, AfterValidator(canonical_prefix)] = ""
    """The path prefix under which a reverse proxy serves the gateway, like `/chat`."""
    address_connections: int = Field(default=1_000, ge=0)
    """Open connections of one address without identity; 0: any number."""
    address_requests_per_second: int = Field(default=500, ge=0, le=1_000_000)
    """Requests without identity of one address; 0: any number."""
    address_upgrades_per_second: int = Field(default=20, ge=0, le=1_000_000)
    """Upgrades without identity of one address; 0: any number."""
    ticket_keys: SecretStr = SecretStr("")
    """The keys of WebSocket tickets, the same at every gateway: 32 bytes each in base64, separated by commas.
    The first seals, all of them open. Empty: a key of this process alone, for a single gateway."""

    web_root: Annotated[DirectoryPath | None, _EmptyIsNone] = None
    """The built web client, served at `/`."""

    @field_validator("notifiers")
    @classmethod
    def _host_and_port(cls, notifiers: list[str]) -> list[str]:
        if not notifiers or not all(_is_address(notifier) for notifier in notifiers):
            raise ValueError("must be host:port, several separated by commas")
        return notifiers

    @field_validator("ticket_keys")
    @classmethod
    def _check_ticket_keys(cls, keys: SecretStr) -> SecretStr:
        ticket_keys.parse(keys.get_secret_value())
        return keys

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.auth == "dev":
            self._check_dev()
        if self.auth == "jwt":
            if not self.hosts:
                raise ValueError("AUTH=jwt needs PUBLIC_URL or ALLOWED_HOSTS: the names it answers as")
            for fault in self._jwt_faults(self.env):
                raise ValueError(fault)
        if self.oidc_issuer is not None and self.auth != "jwt":
            raise ValueError("OIDC_ISSUER needs AUTH=jwt")
        if self.oidc_issuer is not None and not self.oidc_client_id:
            raise ValueError("OIDC_ISSUER needs OIDC_CLIENT_ID, the web client's id there")
        self._check_internal()
        if self.max_sockets >= self.max_connections:
            raise ValueError(f"MAX_SOCKETS must be below MAX_CONNECTIONS ({self.max_connections})")
        return self

    @model_validator(mode="after")
    def _require_ticket_keys(self) -> Self:
        if self.env == "production" and not self.ticket_keys.get_secret_value():
            raise ValueError("ENV=production needs TICKET_KEYS: `openssl rand -base64 32` makes one")
        return self

    def _check_dev(self) -> None:
        """At the admin port, too, any caller is an operator."""
        if self.env == "production":
            raise ValueError("AUTH=dev trusts every caller and is refused when ENV=production")
        for name, host in (("HOST", self.host), ("ADMIN_HOST", self.admin_host)):
            if not (self.allow_insecure_auth or hosts.is_loopback(host)):
                raise ValueError(
                    f"AUTH=dev trusts every caller: {name}={host} needs ALLOW_INSECURE_AUTH=true"
                )

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
    def hosts(self) -> list[str]:
        """The host names that requests may use, besides those of this machine with AUTH=dev."""
        own = [] if self.public_url is None else [hosts.canonical_host(self.public_url.partition("://")[2])]
        return [*own, *self.allowed_hosts]

    @property
    def origins(self) -> list[str]:
        """The origins of pages that may call, besides those of this machine with AUTH=dev."""
        return [*([] if self.public_url is None else [self.public_url]), *self.allowed_origins]

    @property
    def proxies(self) -> TrustedProxies | None:
        """None while it is unknown whether there are any."""
        if not self.trusted_proxies:
            return None
        return TrustedProxies.parse(self.trusted_proxies, self.forwarded_header)

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the gateway by TLS."""
        return self.public_url is not None and self.public_url.startswith("https://")

    @property
    def loopback(self) -> bool:
        """Whether every name of this machine is the gateway's own, at any port."""
        return self.auth == "dev"

    @property
    def notifier_addresses(self) -> list[Address]:
        return [Address(host, int(port)) for host, _, port in (n.rpartition(":") for n in self.notifiers)]


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and 0 < int(port) < 65_536
