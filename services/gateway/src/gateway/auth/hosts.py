"""The host names that this gateway answers as.

A web page can let its own name resolve to this machine (DNS rebinding); for the browser the gateway then has
the page's origin. So the `Host` of a request must be one of the gateway's own names. Ports are not compared:
a proxy in front may use another. Names are compared as in browsers: case is ignored, a trailing dot is not.
"""

import re
from collections.abc import Collection

from pydantic_core import Url, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.health import HEALTH_PATHS
from shared.http.problems import Problem

_OCTET = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
LOOPBACK = rf"(localhost|([a-z0-9_-]+\.)+localhost|127(\.{_OCTET}){{3}}|\[::1\])"
"""A regular expression of the names of this machine alone, in lower case."""
_loopback = re.compile(LOOPBACK)
_name = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9._-]+")
_host = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._~%!$&'()*+,;=-]+)(:\d*)?")
"""RFC 9110, section 7.2, with a host that is not empty; in lower case."""


def canonical_host(text: str) -> str:
    """Return the host of `text`, with or without a port, as browsers spell it. Raises ValueError."""
    stripped = text.strip()
    bare_ipv6 = stripped.count(":") > 1 and not stripped.startswith("[")
    try:
        url = Url(f"http://[{stripped}]" if bare_ipv6 else f"http://{stripped}")
    except ValidationError:
        raise _invalid_host(text) from None
    if (
        _name.fullmatch(url.host or "") is None
        or url.path != "/"
        or (url.username, url.query, url.fragment) != (None, None, None)
    ):
        raise _invalid_host(text)
    return str(url.host)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens on `host`."""
    return _loopback.fullmatch(f"[{host}]" if ":" in host else host.lower()) is not None


class HostCheckMiddleware:
    """Answers 421 to requests and upgrades for another host, 400 to those with no or two `Host` headers."""

    def __init__(self, app: ASGIApp, names: Collection[str], *, loopback: bool) -> None:
        """`names` as `canonical_host` returns them. `loopback`: also accept the names of this machine."""
        self._app = app
        self._names = frozenset(names)
        self._loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._problem(scope) if scope["type"] in ("http", "websocket") else None
        await (self._app if problem is None else problem.response())(scope, receive, send)

    def _problem(self, scope: Scope) -> Problem | None:
        if scope["path"] in HEALTH_PATHS:
            return None  # probes call by address; their answers contain no user data
        values = [value for field, value in scope["headers"] if field == b"host"]
        host = _host.fullmatch(values[0].decode("latin-1").lower()) if len(values) == 1 else None
        if host is None:
            return Problem("bad_request", "Host: must be present once, as a host with an optional port")
        if host[1] in self._names or (self._loopback and _loopback.fullmatch(host[1])):
            return None
        return misdirected_request()


def misdirected_request() -> Problem:
    detail = "this gateway does not answer as this host (PUBLIC_URL, ALLOWED_HOSTS)"
    return Problem("bad_request", detail, status=421)


def _invalid_host(text: str) -> ValueError:
    return ValueError(f"{text!r} is not a host name: give names without scheme and path, separated by commas")
