"""The environment variables about reverse proxies, and the limits of client addresses."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.proxies.root_path import canonical_prefix
from gateway.proxies.trusted_proxies import NO_PROXIES, ForwardedHeader, TrustedProxies
from shared.runtime.environment import CommaSeparated


def _canonical_proxies(texts: list[str]) -> list[str]:
    if texts != [NO_PROXIES]:
        TrustedProxies.parse(texts)
    return texts


class ProxySettings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore")

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

    @property
    def proxies(self) -> TrustedProxies | None:
        """None while it is unknown whether there are any."""
        if not self.trusted_proxies:
            return None
        return TrustedProxies.parse(self.trusted_proxies, self.forwarded_header)
