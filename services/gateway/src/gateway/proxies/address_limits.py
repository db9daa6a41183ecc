"""Limits what one client address may do without an identity.

Users are limited by their identity, wherever they are; many may share an address. So only what proved no
identity counts against the address. An IPv6 client has a whole /64. Neither loopback nor trusted proxies are
limited, and nobody is while `TRUSTED_PROXIES` is not set: then the address may be that of a proxy.
"""

import math
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_network
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from throttled import MemoryStore, RateLimiterType, Throttled, per_sec

from gateway.proxies.trusted_proxies import TrustedProxies, parse_address
from shared.http.problems import Problem

_BURST_SECONDS = 2
_MAX_ADDRESSES = 50_000  # whose rates are kept
_IPV6_PREFIX_LENGTH = 64


class Rate(Protocol):
    def exceeded(self, address: str) -> float | None:
        """Count one event of the address. Return the seconds until the next one is allowed when this one
        exceeds the rate, else None."""
        ...


class TokenBuckets:
    """`per_second` events of each address, after a pause twice as many at once; 0: unlimited."""

    def __init__(self, per_second: int) -> None:
        self._buckets = None
        if per_second:
            self._buckets = Throttled(
                using=RateLimiterType.GCRA.value,
                quota=per_sec(per_second, burst=per_second * _BURST_SECONDS),
                store=MemoryStore(options={"MAX_SIZE": _MAX_ADDRESSES}),
            )

    def exceeded(self, address: str) -> float | None:
        if self._buckets is None:
            return None
        result = self._buckets.limit(address)
        return result.state.retry_after if result.limited else None


@dataclass(frozen=True)
class AddressLimits:
    proxies: TrustedProxies | None
    """None: no limits."""
    requests: Rate
    """Responses to requests without identity."""
    upgrades: Rate
    """Upgrades without identity."""

    def key(self, client: str | None) -> str | None:
        """Return under which key the address is counted; None when it is not limited."""
        address = parse_address(client) if client and self.proxies is not None else None
        if address is None or self.proxies is None or address.is_loopback or self.proxies.contains(address):
            return None
        if isinstance(address, IPv6Address):
            return str(ip_network((address, _IPV6_PREFIX_LENGTH), strict=False))
        return str(address)

    def upgrade_refusal(self, client: str | None) -> Problem | None:
        """Count an upgrade without identity; return its refusal when there are too many."""
        return self._refusal(self.upgrades, self.key(client))

    def limit_requests(self, app: ASGIApp) -> ASGIApp:
        """Send 429 instead of the response of `app` when an address exceeds the rate. `app` leaves the proven
        user in the scope, as `user`: what an authenticated user is answered does not count."""

        async def limited(scope: Scope, receive: Receive, send: Send) -> None:
            client = scope.get("client")
            key = self.key(client[0]) if scope["type"] == "http" and client else None
            await app(
                scope, receive, send if key is None else _Responder(self, key, scope, receive, send).send
            )

        return limited if self.proxies is not None else app

    def _refusal(self, rate: Rate, key: str | None) -> Problem | None:
        seconds = rate.exceeded(key) if key is not None else None
        if seconds is None:
            return None
        detail = "too many requests without credentials from your address; try again later"
        return Problem("too_many", detail, retry_after=max(1, math.ceil(seconds)))

    def request_refusal(self, key: str) -> Problem | None:
        """Count a response to a request without identity; return what to send instead when there are too
        many."""
        return self._refusal(self.requests, key)


class _Responder:
    """Sends one response, or the refusal instead of it."""

    def __init__(self, limits: AddressLimits, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        self._limits = limits
        self._key = key
        self._scope = scope
        self._receive = receive
        self._send = send
        self._is_refused = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._scope.get("user") is None:
            refusal = self._limits.request_refusal(self._key)
            if refusal is not None:
                self._is_refused = True
                await refusal.response()(self._scope, self._receive, self._send)
        if not self._is_refused:
            await self._send(message)
