"""Which web pages may call: one rule for CORS, for writes and for sockets.

A browser sends `Origin` with a socket's upgrade and then lets the page talk, whatever we answer in headers;
so sockets are refused here. From a POST that looks like a form's it keeps only the answer, and asks nothing
before; so such are refused, too. No `Origin` header: no browser, allowed.
"""

import re
from collections.abc import Mapping, Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.problems import Problem

LOOPBACK = r"https?://(localhost|[a-z0-9-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?"
_loopback = re.compile(LOOPBACK)


class Origins:
    def __init__(self, allowed: Sequence[str], *, loopback: bool) -> None:
        self.allowed = allowed
        self.pattern = LOOPBACK if loopback else None
        """Origins that are allowed besides, as a regular expression."""

    def allow(self, headers: Mapping[str, str]) -> bool:
        """`headers` of one request, by lower-case name. A page of our own has its host as its origin."""
        origin, host = headers.get("origin"), headers.get("host")
        if origin is None or origin in self.allowed or "*" in self.allowed:
            return True
        if self.pattern is not None and _loopback.fullmatch(origin):
            return True
        return host is not None and origin.partition("://")[2] == host


class OwnPages:
    """Lets pages of other origins write nothing through `app`."""

    def __init__(self, app: ASGIApp, origins: Origins) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writes = scope["type"] == "http" and scope["method"] == "POST"
        if writes and not self._origins.allow(Headers(scope=scope)):
            await foreign().response()(scope, receive, send)
            return
        await self._app(scope, receive, send)


def foreign() -> Problem:
    return Problem("forbidden", "pages of this origin are not allowed here (ALLOWED_ORIGINS)")
