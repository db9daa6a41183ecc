"""The path prefix under which a reverse proxy serves the gateway (`ROOT_PATH`).

Some proxies remove the prefix, others pass it on: both work. Behind `RootPath.strip` a path never has the
prefix, so that routes, limits and checks compare one spelling. FastAPI gets it back as ASGI has it, with
`root_path`: `/docs`, its files and the OpenAPI document's `servers` need it.
"""

import re

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

OWN_SEGMENTS = frozenset(
    {
        "messages",
        "ws",
        "docs",
        "assets",
        "client-config.json",
        "openapi.json",
        "static-offline-docs",
        "healthz",
        "readyz",
        "metrics",
    }
)
"""First segments of the gateway's own paths: a prefix that begins with one would be ambiguous."""

_prefix = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


class RootPath:
    def __init__(self, prefix: str) -> None:
        """`prefix` as `canonical_prefix` returns it."""
        self._prefix = prefix

    def strip(self, app: ASGIApp) -> ASGIApp:
        """Remove the prefix from paths that have it. The prefix alone is redirected to the page, whose
        relative addresses need the slash."""

        async def without_prefix(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope.get("path", "")
            if path == self._prefix and scope["type"] == "http":
                query = scope["query_string"].decode("latin-1")
                location = f"{self._prefix}/{'?' if query else ''}{query}"
                await RedirectResponse(location, 308)(scope, receive, send)
                return
            if path.startswith(f"{self._prefix}/"):
                scope["path"] = path[len(self._prefix) :]
            await app(scope, receive, send)

        return without_prefix if self._prefix else app

    def restore(self, app: ASGIApp) -> ASGIApp:
        """Give `app` the prefix as ASGI has it: in `root_path`, and at the beginning of the path."""

        async def with_prefix(scope: Scope, receive: Receive, send: Send) -> None:
            scope["path"], scope["root_path"] = self._prefix + scope["path"], self._prefix
            await app(scope, receive, send)

        return with_prefix if self._prefix else app

    def spellings(self, path: str) -> tuple[str, ...]:
        """Return `path` as it may arrive: without the prefix, and with it."""
        return (path, self._prefix + path) if self._prefix else (path,)


def canonical_prefix(text: str) -> str:
    """Return the prefix without a slash at its end; empty for `/`. Raises ValueError."""
    prefix = text.strip().rstrip("/")
    if prefix and _prefix.fullmatch(prefix) is None:
        raise ValueError(f"{text!r} is not a path like /chat: letters, digits and - . _ ~ between slashes")
    if prefix and prefix.split("/")[1] in OWN_SEGMENTS:
        raise ValueError(f"{text!r} begins like a path of the gateway's own; use another one, like /chat")
    return prefix
