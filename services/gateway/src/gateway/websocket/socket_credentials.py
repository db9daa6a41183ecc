"""The credentials of one open WebSocket: they expire, unless the client renews them by the frame `auth`."""

import asyncio
import time
from datetime import UTC, datetime
from http import HTTPStatus

from gateway.auth.authenticator import Authenticator, unauthenticated
from gateway.auth.credentials import Credentials
from gateway.auth.principal import Principal
from gateway.auth.scopes import require_user
from gateway.websocket import close_codes
from gateway.websocket.auth_frame import AuthFrame
from gateway.websocket.connection import ClientConnection
from gateway.websocket.send_buffer import Close
from shared.contract import codec
from shared.contract.fields import timestamp
from shared.contract.frames import AuthenticatedFrame
from shared.http.problems import Problem

_MAX_TIMER_SECONDS = 60.0
"""Longer waits are split: the wall clock may be set meanwhile."""
_EXPIRED = Close(close_codes.UNAUTHENTICATED, "the token has expired: connect with a new one")
_REFUSED = Close(close_codes.UNAUTHENTICATED, "the token of auth is invalid, or another user's")


class SocketCredentials:
    """Closes the connection with 4401 when they expire, or when a renewal is refused."""

    def __init__(
        self, authenticator: Authenticator, connection: ClientConnection, principal: Principal
    ) -> None:
        self._authenticator = authenticator
        self._connection = connection
        self._timer: asyncio.TimerHandle | None = None
        self._has_ended = False
        self.principal = principal
        self.are_valid = True
        """False: nothing more that the client sends is handled."""
        self._schedule_expiry()

    async def renew(self, frame: AuthFrame) -> bytes:
        """Return the frame that answers. Raises Problem: 401 or 403, and the connection is closed; 503 while
        the token cannot be verified."""
        try:
            principal = require_user(
                await self._authenticator.authenticate(Credentials.of_renewal(frame.token))
            )
            if principal.user_id != self._connection.user:
                raise unauthenticated()
        except Problem as problem:
            if problem.status != HTTPStatus.SERVICE_UNAVAILABLE:
                self._end(_REFUSED)
            raise
        if self.are_valid:
            self.principal = principal
            self._connection.issued_at = principal.issued_at
            self._schedule_expiry()
        return codec.encode(AuthenticatedFrame(expires_at=_timestamp(principal.expires_at)))

    def end(self) -> None:
        """The session has ended: stop the timer. A renewal in progress starts none."""
        self._has_ended = True
        self._cancel_timer()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule_expiry(self) -> None:
        self._cancel_timer()
        if self.principal.expires_at is not None and not self._has_ended:
            remaining = self.principal.expires_at - time.time()
            delay = max(0.0, min(remaining, _MAX_TIMER_SECONDS))
            self._timer = asyncio.get_running_loop().call_later(delay, self._check_expiry)

    def _check_expiry(self) -> None:
        if (self.principal.expires_at or 0) <= time.time():
            self._end(_EXPIRED)
        else:
            self._schedule_expiry()

    def _end(self, close: Close) -> None:
        self.are_valid = False
        self._cancel_timer()
        self._connection.close(close)


def _timestamp(moment: float | None) -> str | None:
    return None if moment is None else timestamp(datetime.fromtimestamp(moment, UTC))
