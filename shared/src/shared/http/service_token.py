"""Who may call the servers behind the gateway: Parley's own services, by a secret that all of them are given.

What a web page sends is refused whatever else it brings: no page has business here, and a browser can be made
to send requests to an address inside.
"""

import hmac
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from shared.http.problems import Problem

HEALTH_PATHS = ("/healthz", "/readyz", "/metrics")


def authorization(token: str) -> dict[str, str]:
    """The headers by which a service is recognised."""
    return {"Authorization": f"Bearer {token}"}


class ServicesOnly:
    """Passes on to `app` what comes with the token, and probes; answers 403 to what has an `Origin`, 401 to
    all else. Sockets are refused before they are accepted."""

    def __init__(self, app: ASGIApp, token: str, *, open_paths: Sequence[str] = HEALTH_PATHS) -> None:
        self._app = app
        self._token = token.encode()
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
            return Problem("forbidden", "web pages may not call this server")
        if scope["path"] in self._open_paths or self._is_authorized(headers.getlist("authorization")):
            return None
        return Problem("unauthenticated", "this server answers Parley's services: send the SERVICE_TOKEN")

    def _is_authorized(self, values: Sequence[str]) -> bool:
        """In the same time for every token."""
        scheme, _, token = (values[0] if len(values) == 1 else "").partition(" ")
        return hmac.compare_digest(token.encode("latin-1"), self._token) and scheme.lower() == "bearer"
