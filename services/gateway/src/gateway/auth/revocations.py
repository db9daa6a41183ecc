"""Revoked tokens: until when those of a user are no longer accepted.

Links bring each revocation as it happens. What a link may have missed is loaded from the store: before
tokens are accepted, after a gap, after a link was lost, and every two seconds while one is down. With the 3.6
seconds after which a silent link is cut, every gateway acts on a revocation within five.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import NoReturn, Protocol

import structlog

from gateway.auth.authenticator import Authenticator, unauthenticated
from gateway.auth.credentials import Credentials
from gateway.auth.principal import Principal
from gateway.store.client import StoreUnavailable
from shared.contract.fields import timestamp
from shared.http.problems import Problem
from shared.internal.store_api import RevocationsPage
from shared.runtime import security_events

log = structlog.get_logger()

RELOAD_INTERVAL_SECONDS = 2.0
"""While a link is down, and between two checks of whether one is."""
_MAX_RETRY_INTERVAL_SECONDS = 0.5


class RevocationSource(Protocol):
    async def revocations(self, since: str, after: str | None) -> RevocationsPage:
        """Raises StoreUnavailable."""
        ...


class Revocations:
    def __init__(
        self,
        store: RevocationSource,
        *,
        max_age: float,
        leeway: float,
        on_revoked: Callable[[str, float, float], None],
        now: Callable[[], float] = time.time,
        interval: float = RELOAD_INTERVAL_SECONDS,
    ) -> None:
        """`max_age` of a token and `leeway` in seconds. `on_revoked(user, revoked_at, leeway)` closes the
        user's sockets; it is called again when the same revocation is loaded again. `interval` of loads in
        seconds."""
        self._store = store
        self._max_age = max_age
        self._leeway = leeway
        self._on_revoked = on_revoked
        self._now = now
        self._interval = interval
        self._revoked_at: dict[str, float] = {}
        """By user the latest revocation, POSIX seconds."""
        self._is_loaded = self._is_failure_logged = False
        self._reload = asyncio.Event()

    @property
    def is_loaded(self) -> bool:
        """Whether those from before this gateway started are known."""
        return self._is_loaded

    def is_revoked(self, user_id: str, issued_at: float | None) -> bool:
        """Return whether a token that was issued then, POSIX seconds, is revoked; one without a time never
        is. Raises Problem (503) until revocations are loaded."""
        if issued_at is None:
            return False
        if not self._is_loaded:
            raise Problem("unavailable", "revoked tokens are not known yet; try again")
        revoked_at = self._revoked_at.get(user_id)
        return revoked_at is not None and issued_at <= revoked_at + self._leeway

    def revoke(self, user: str, revoked_at: str) -> None:
        """Accept no token of the user that was issued up to `revoked_at`, and close its sockets."""
        at = max(_posix_seconds(revoked_at), self._revoked_at.get(user, 0.0))
        self._revoked_at[user] = at
        self._on_revoked(user, at, self._leeway)

    def reload(self) -> None:
        """Load from the store soon: links may have missed revocations."""
        self._reload.set()

    async def run(self, links_are_ready: Callable[[], bool]) -> NoReturn:
        """Load until cancelled. Only a load that began while every link was ready misses nothing: what
        happens after it arrives, or shows as a gap or as a lost link."""
        is_complete = False
        while True:
            if not is_complete or self._reload.is_set() or not links_are_ready():
                self._reload.clear()
                is_complete = await self._load(links_are_ready)
            with suppress(TimeoutError):
                pause = (
                    self._interval if self._is_loaded else min(self._interval, _MAX_RETRY_INTERVAL_SECONDS)
                )
                async with asyncio.timeout(pause):
                    await self._reload.wait()

    async def _load(self, links_are_ready: Callable[[], bool]) -> bool:
        """Return whether nothing was missed until now."""
        were_ready = links_are_ready()
        # A token issued a leeway after its revocation is refused until it expires, a leeway after `exp`.
        oldest = self._now() - self._max_age - 2 * self._leeway
        since, after = timestamp(datetime.fromtimestamp(oldest, UTC)), None
        try:
            while True:
                page = await self._store.revocations(since, after)
                for user, revoked_at in page.revoked_at.items():
                    self.revoke(user, revoked_at)
                if not page.has_more:
                    break
                after = next(reversed(page.revoked_at))
        except StoreUnavailable as error:
            if not self._is_failure_logged:
                log.warning("revocations.waiting", reason=str(error))
            self._is_failure_logged = True
            return False
        self._is_loaded, self._is_failure_logged = True, False
        # Tokens that older ones revoke have expired.
        self._revoked_at = {user: at for user, at in self._revoked_at.items() if at >= oldest}
        return were_ready


class UnrevokedAuthenticator:
    """Refuses revoked credentials that another authenticator accepts."""

    def __init__(self, revocations: Revocations, authenticator: Authenticator) -> None:
        self._revocations = revocations
        self._authenticator = authenticator

    async def authenticate(self, credentials: Credentials) -> Principal:
        """Raises Problem as the other does, and 503 until revocations are loaded."""
        principal = await self._authenticator.authenticate(credentials)
        if self._revocations.is_revoked(principal.user_id, principal.issued_at):
            security_events.explain("token_refused", "revoked")
            raise unauthenticated()
        return principal


def _posix_seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
