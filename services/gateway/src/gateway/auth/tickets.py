"""WebSocket tickets: a page gets one over REST and puts it into the socket's URL, where a token would end up
in logs and histories. A ticket is good for one socket within 30 seconds.

It is sealed (AES-256-GCM): no one but gateways can read or make one. What it holds is the principal whose
token it was exchanged for, so that the socket expires with that token. The store remembers which ones were
used, for all gateways.
"""

import base64
import binascii
import os
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.auth.authenticator import Authenticator, unauthenticated
from gateway.auth.credentials import Credentials
from gateway.auth.principal import Principal, Scope
from gateway.auth.ticket_keys import KEY_BYTES
from gateway.store.client import StoreUnavailable
from shared.contract.fields import UserId, timestamp
from shared.http.problems import Problem

TICKET_SECONDS = 30

_PREFIX = "pt1."
_MIN_CHARACTERS = 129
"""Every ticket is longer than any user id, which AUTH=dev takes at the same place."""
_MAX_CHARACTERS = 4_096
_NONCE_BYTES = 12
_PURPOSE = b"parley websocket ticket 1"


class InvalidTicket(ValueError):
    """It was not sealed by one of our keys, or its time is over."""


class Ticket(NamedTuple):
    """A sealed ticket and the POSIX time at which it expires."""

    text: str
    expires_at: float


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    id: uuid.UUID
    """128 random bits but for the six that mark a UUID of version 4."""
    expires_at: float
    """Of the ticket; the other fields are the principal's."""
    user_id: UserId
    scopes: frozenset[Scope]
    token_expires_at: float | None
    issued_at: float | None
    name: str | None

    @property
    def principal(self) -> Principal:
        return Principal(self.user_id, self.scopes, self.token_expires_at, self.issued_at, self.name)


class TicketSealer:
    def __init__(self, keys: Sequence[bytes], now: Callable[[], float] = time.time) -> None:
        """The first key seals, all of them open: a new key is put first once every gateway has it. Without
        keys this process makes one of its own."""
        self._keys = [AESGCM(key) for key in keys or [os.urandom(KEY_BYTES)]]
        self._now = now

    def seal(self, principal: Principal) -> Ticket:
        expires_at = self._now() + TICKET_SECONDS
        content = _Content(
            id=uuid.uuid4(),
            expires_at=expires_at,
            user_id=principal.user_id,
            scopes=principal.scopes,
            token_expires_at=principal.expires_at,
            issued_at=principal.issued_at,
            name=principal.name,
        )
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[0].encrypt(nonce, content.model_dump_json().encode(), _PURPOSE)
        return Ticket(_PREFIX + _encode(nonce + sealed), expires_at)

    def open(self, text: str) -> _Content:
        """Raises InvalidTicket."""
        content = self._decrypt(_decode(text))
        if content.expires_at <= self._now():
            raise InvalidTicket("expired")
        if content.token_expires_at is not None and content.token_expires_at <= self._now():
            raise InvalidTicket("its token expired")
        return content

    def _decrypt(self, sealed: bytes) -> _Content:
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for key in self._keys:
            try:
                return _Content.model_validate_json(key.decrypt(nonce, ciphertext, _PURPOSE))
            except (InvalidTag, ValidationError):
                continue
        raise InvalidTicket("not sealed by one of our keys")


def is_ticket(token: str) -> bool:
    """Return whether a token is meant as a ticket, valid or not."""
    return token.startswith(_PREFIX) and len(token) >= _MIN_CHARACTERS


def _encode(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """Take the one spelling that `seal` writes: another would be the same ticket."""
    encoded = text.removeprefix(_PREFIX)
    if len(text) > _MAX_CHARACTERS:
        raise InvalidTicket("too long")
    try:
        sealed = base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidTicket("not base64url") from None
    if len(sealed) < _NONCE_BYTES or _encode(sealed) != encoded:
        raise InvalidTicket("not as it was sealed")
    return sealed


class TicketStore(Protocol):
    async def redeem_ticket(self, ticket_id: str, expires_at: str) -> bool:
        """Return whether this call used the ticket up. Raises StoreUnavailable."""
        ...


class TicketAuthenticator:
    """Authenticates sockets by a ticket in the URL, and leaves all else to another authenticator."""

    def __init__(self, sealer: TicketSealer, store: TicketStore, others: Authenticator) -> None:
        self._sealer = sealer
        self._store = store
        self._others = others

    async def authenticate(self, credentials: Credentials) -> Principal:
        """Raises Problem: 401, and 503 while the store is away. A token at another place must be of the same
        user."""
        tickets = [token for token in credentials.url_tokens if is_ticket(token)]
        if not tickets:
            return await self._others.authenticate(credentials)
        if len(credentials.url_tokens) > 1:
            raise unauthenticated()
        elsewhere = credentials._replace(url_tokens=())
        other = await self._others.authenticate(elsewhere) if elsewhere.tokens() else None
        return await self._redeem(tickets[0], other)

    async def _redeem(self, text: str, other: Principal | None) -> Principal:
        try:
            ticket = self._sealer.open(text)
        except InvalidTicket:
            raise unauthenticated() from None
        principal = ticket.principal
        if other is not None and other.user_id != principal.user_id:
            raise unauthenticated()
        expires_at = timestamp(datetime.fromtimestamp(ticket.expires_at, UTC))
        try:
            is_redeemed = await self._store.redeem_ticket(str(ticket.id), expires_at)
        except StoreUnavailable:
            raise Problem("unavailable", "tickets cannot be redeemed now; get another one") from None
        if not is_redeemed:
            raise unauthenticated()
        return principal
