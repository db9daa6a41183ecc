"""AUTH=jwt: callers prove who they are by an access token of the deployment's issuer."""

from collections.abc import Awaitable, Callable

import structlog

from gateway.auth.authenticator import unauthenticated
from gateway.auth.credentials import Credentials
from gateway.auth.principal import Principal

log = structlog.get_logger()

VerifyToken = Callable[[str], Awaitable[Principal]]
"""Return the principal of an access token. Raises Problem."""
RedeemTicket = Callable[[str], Awaitable[Principal]]
"""Return the principal of a single-use ticket. Raises Problem."""
IsRevoked = Callable[[Principal], bool]
"""Whether the credentials of this principal were revoked after they were issued."""


class JwtAuthenticator:
    def __init__(
        self,
        verify_token: VerifyToken,
        *,
        allow_url_tokens: bool = False,
        redeem_ticket: RedeemTicket | None = None,
        is_revoked: IsRevoked | None = None,
    ) -> None:
        """`allow_url_tokens`: take an access token from `?token=`, where proxies and browsers log it."""
        self._verify_token = verify_token
        self._allow_url_tokens = allow_url_tokens
        self._redeem_ticket = redeem_ticket
        self._is_revoked = is_revoked
        self._has_warned = False

    async def authenticate(self, credentials: Credentials) -> Principal:
        """Exactly one token must be sent, in one place (RFC 6750, section 2)."""
        tokens = credentials.tokens()
        token = tokens[0] if len(tokens) == 1 else None
        if token is None:
            raise unauthenticated()
        verify = self._verify_url_token if credentials.url_tokens else self._verify_token
        principal = await verify(token)
        if self._is_revoked is not None and self._is_revoked(principal):
            raise unauthenticated()
        return principal

    async def _verify_url_token(self, token: str) -> Principal:
        if "." in token and self._allow_url_tokens:
            if not self._has_warned:
                log.warning("auth.url_token", advice="send access tokens by header or sub-protocol")
            self._has_warned = True
            return await self._verify_token(token)
        if self._redeem_ticket is None:
            raise unauthenticated()
        return await self._redeem_ticket(token)
