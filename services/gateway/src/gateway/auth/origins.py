"""The web pages that may call: one rule for CORS, for writes and for WebSockets.

A browser sends `Origin` with an upgrade and then lets the page use the WebSocket, whatever headers the answer
has: so the gateway refuses those of other origins. For a POST that looks like a form's it only withholds the
answer: so writes of other origins are refused, too. A request without `Origin` comes from no page and is
allowed.
"""

import re
from collections.abc import Sequence

from pydantic_core import Url, ValidationError
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from gateway.auth.hosts import LOOPBACK
from shared.http.problems import Problem

_loopback = re.compile(rf"https?://{LOOPBACK}(:\d{{1,5}})?")
_DEFAULT_PORTS = (("http://", ":80"), ("https://", ":443"))


def canonical(text: str) -> str:
    """Return an origin as browsers spell it: lower case, punycode, no default port. Raises ValueError when
    `text` lacks a scheme or host, or has more than these and a port."""
    try:
        url = Url(text)
    except ValidationError:
        raise _invalid_origin(text) from None
    other_parts = (url.username, url.password, url.query, url.fragment)
    if not url.host or url.path not in (None, "/") or any(part is not None for part in other_parts):
        raise _invalid_origin(text)
    port = "" if url.port is None else f":{url.port}"
    return _without_default_port(f"{url.scheme}://{url.host}{port}".lower())


class Origins:
    def __init__(self, allowed: Sequence[str], *, loopback: bool) -> None:
        """`allowed`: canonical origins, or `*` for all. `loopback`: also allow the pages of this machine."""
        self._allowed = frozenset(allowed)
        self._any = "*" in allowed
        self._loopback = loopback

    def allows_request(self, headers: Headers) -> bool:
        """Whether the page that makes this request may call."""
        return all(self.allows(origin) for origin in headers.getlist("origin"))

    def allows(self, origin: str) -> bool:
        """`origin` as a browser sends it; only `*` allows `null`."""
        origin = _without_default_port(origin.lower())
        return self._any or origin in self._allowed or (self._loopback and bool(_loopback.fullmatch(origin)))

    def cors(self, app: ASGIApp) -> ASGIApp:
        """Let the allowed pages read the responses of `app`."""
        return OriginCheckMiddleware(app, self, allow_origins=["*"] if self._any else [])


class OriginCheckMiddleware(CORSMiddleware):
    def __init__(self, app: ASGIApp, origins: Origins, *, allow_origins: Sequence[str]) -> None:
        super().__init__(
            app,
            allow_origins=allow_origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["Authorization", "Content-Type", "Prefer", "Traceparent", "X-Request-Id"],
            expose_headers=[
                *("Preference-Applied", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id")
            ],
        )
        self._origins = origins

    def is_allowed_origin(self, origin: str) -> bool:
        return self._origins.allows(origin)


def origin_not_allowed() -> Problem:
    return Problem("forbidden", "pages of this origin are not allowed here (ALLOWED_ORIGINS)")


def _without_default_port(origin: str) -> str:
    for scheme, port in _DEFAULT_PORTS:
        if origin.startswith(scheme):
            return origin.removesuffix(port)
    return origin


def _invalid_origin(text: str) -> ValueError:
    return ValueError(
        f"{text!r} is not an origin: a scheme, a host and an optional port, like https://chat.example"
    )
