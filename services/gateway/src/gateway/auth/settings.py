"""The environment variables that decide who may call."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
from pydantic_core import Url, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.auth import hosts, origins, ticket_keys
from gateway.auth.keys import ALGORITHMS, InvalidKeys, parse_keys
from shared.runtime.environment import CommaSeparated, EmptyIsNone
from shared.runtime.settings import ProcessSettings


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


def _is_secure(url: str) -> bool:
    """Whether nobody on the way to `url` can read or change anything."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and hosts.is_loopback(parts.hostname or ""))


def _require_secure(url: str) -> None:
    if not _is_secure(url):
        raise ValueError("must begin with https:// (http:// is for issuers on this machine)")


def _secure_origins(texts: list[str]) -> list[str]:
    canonical = [origins.canonical(text) for text in texts]
    for origin in canonical:
        _require_secure(origin)
    return canonical


def _issuer(url: str) -> str:
    parts = urlsplit(url)
    _require_secure(url)
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

    oidc_issuer: Annotated[Annotated[str, AfterValidator(_issuer)] | None, EmptyIsNone] = None
    """The identity provider, an OpenID Connect issuer. Without it the web client cannot sign in."""
    oidc_client_id: str = ""
    """The web client's id at the issuer: a public client."""
    oidc_scope: Annotated[str, AfterValidator(_openid_scope)] = "openid"
    """Separated by spaces."""
    oidc_connect_origins: Annotated[CommaSeparated, AfterValidator(_secure_origins)] = Field(default=[])
    """Origins of the issuer's endpoints besides its own, which the web client may call."""

    @property
    def oidc_origins(self) -> list[str]:
        """The origins of the issuer's endpoints; none without an issuer."""
        if self.oidc_issuer is None:
            return []
        return list(dict.fromkeys([_origin_of(self.oidc_issuer), *self.oidc_connect_origins]))


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


class AuthSettings(JwtSettings, OidcSettings, ProcessSettings):
    """Who may call, and under which names."""

    auth: Literal["dev", "jwt"]
    """`dev`: the user id that a caller gives is trusted. `jwt`: callers prove it by an access token."""
    allow_insecure_auth: bool = False
    """Allow `AUTH=dev` even where other machines reach the gateway."""
    public_url: Annotated[Annotated[str, AfterValidator(_http_origin)] | None, EmptyIsNone] = None
    """Scheme, host and port under which browsers reach the gateway: its own origin."""
    allowed_hosts: Annotated[CommaSeparated, AfterValidator(_canonical_hosts)] = Field(default=[])
    """Further host names that the gateway answers as, at any port."""
    allowed_origins: Annotated[CommaSeparated, AfterValidator(_canonical_origins)] = Field(default=[])
    """Further origins from which browsers may call; `*` for all."""
    ticket_keys: SecretStr = SecretStr("")
    """The keys of WebSocket tickets, the same at every gateway: 32 bytes each in base64, separated by commas.
    The first seals, all of them open. Empty: a key of this process alone, for a single gateway."""

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
        self._check_oidc()
        if self.env == "production" and self.public_url is not None and not _is_secure(self.public_url):
            raise ValueError(
                "PUBLIC_URL must begin with https:// when ENV=production: else everyone on the way reads "
                "tokens and messages"
            )
        return self

    @model_validator(mode="after")
    def _require_ticket_keys(self) -> Self:
        if self.env == "production" and not self.ticket_keys.get_secret_value():
            raise ValueError("ENV=production needs TICKET_KEYS: `openssl rand -base64 32` makes one")
        return self

    def _check_oidc(self) -> None:
        """Raises ValueError."""
        if self.oidc_issuer is None:
            if self.oidc_connect_origins:
                raise ValueError("OIDC_CONNECT_ORIGINS needs OIDC_ISSUER")
            return
        if self.auth != "jwt":
            raise ValueError("OIDC_ISSUER needs AUTH=jwt")
        if not self.oidc_client_id:
            raise ValueError("OIDC_ISSUER needs OIDC_CLIENT_ID, the web client's id there")
        if self.env == "production" and self.oidc_issuer != self.jwt_issuer:
            raise ValueError(
                f"OIDC_ISSUER ({self.oidc_issuer}) must equal JWT_ISSUER ({self.jwt_issuer}) when "
                "ENV=production: users would sign in and then be refused, or come from two issuers"
            )

    def _check_dev(self) -> None:
        """At the admin port, too, any caller is an operator."""
        if self.env == "production":
            raise ValueError("AUTH=dev trusts every caller and is refused when ENV=production")
        for name, host in (("HOST", self.host), ("ADMIN_HOST", self.admin_host)):
            if not (self.allow_insecure_auth or hosts.is_loopback(host)):
                raise ValueError(
                    f"AUTH=dev trusts every caller: {name}={host} needs ALLOW_INSECURE_AUTH=true"
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
    def is_https(self) -> bool:
        """Whether browsers reach the gateway by TLS."""
        return self.public_url is not None and self.public_url.startswith("https://")

    @property
    def loopback(self) -> bool:
        """Whether every name of this machine is the gateway's own, at any port."""
        return self.auth == "dev"
