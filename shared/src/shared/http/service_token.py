"""Admits only Parley's own services, by a secret that they share; while it is changed there are several.

Requests of web pages are refused even with the secret: a browser can be made to send requests to an internal
address.
"""

import hmac
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from shared.http.health import HEALTH_PATHS
from shared.http.problems import Problem


def authorization(token: str) -> dict[str, str]:
    """Return the headers that authenticate a service."""
    return {"Authorization": f"Bearer {token}"}


class ServicesOnly:
    """Passes requests with the token, and probes, to `app`; answers 403 to those with an `Origin`, 401
    to all others. WebSockets are refused before they are accepted."""

    def __init__(
        self, app: ASGIApp, tokens: Sequence[str], *, open_paths: Sequence[str] = HEALTH_PATHS
    ) -> None:
        self._app = app
        self._tokens = [token.encode() for token in tokens]
        self._open_paths = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await refusal.response()(scope, receive, send)
        else:
            await WebSocket(scope, receive, send).send_denial_response(refusal.response())

    def _refusal(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        if "origin" in headers:
            return pages_refused()
        if scope["path"] in self._open_paths or self._is_authorized(headers.getlist("authorization")):
            return None
        return Problem("unauthenticated", "this server answers Parley's services: send the SERVICE_TOKEN")

    def _is_authorized(self, values: Sequence[str]) -> bool:
        """Compare with every token, each in constant time."""
        scheme, _, given = (values[0] if len(values) == 1 else "").partition(" ")
        equal = [hmac.compare_digest(given.encode("latin-1"), token) for token in self._tokens]
        return any(equal) and scheme.lower() == "bearer"


def pages_refused() -> Problem:
    """Return the answer to a request with an `Origin`."""
    return Problem("forbidden", "web pages may not call this server")
