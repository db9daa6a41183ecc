"""AUTH=jwt: callers prove who they are by an access token of the deployment's issuer."""

from collections.abc import Awaitable, Callable

import structlog

from gateway.auth.authenticator import unauthenticated
from gateway.auth.credentials import Credentials
from gateway.auth.principal import Principal

log = structlog.get_logger()

VerifyToken = Callable[[str], Awaitable[Principal]]
"""Return the principal of an access token. Raises Problem."""


class JwtAuthenticator:
    def __init__(self, verify_token: VerifyToken, *, allow_url_tokens: bool = False) -> None:
        """`allow_url_tokens`: take an access token from `?token=`, where proxies and browsers log it."""
        self._verify_token = verify_token
        self._allow_url_tokens = allow_url_tokens
        self._has_warned = False

    async def authenticate(self, credentials: Credentials) -> Principal:
        """Exactly one token must be sent, in one place (RFC 6750, section 2)."""
        tokens = credentials.tokens()
        token = tokens[0] if len(tokens) == 1 else None
        if token is None or (credentials.url_tokens and not self._allow_url_tokens):
            raise unauthenticated()
        principal = await self._verify_token(token)
        if credentials.url_tokens and not self._has_warned:
            self._has_warned = True
            log.warning("auth.url_token", advice="send access tokens by header or sub-protocol")
        return principal
