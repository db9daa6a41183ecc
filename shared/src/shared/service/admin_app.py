"""The application of the admin port: probes, metrics and operators' calls.

The port is for the operator's network only, and web pages are refused: a browser can be made to send requests
to an internal address. Those of another origin have an `Origin`, or their answer is withheld from the page.
Those of a page whose own name was made to resolve to this address (DNS rebinding) have neither, but that name
as `Host`. Such a name has a dot and is not an address.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from fastapi import APIRouter, Request
from starlette.datastructures import Headers
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from shared.http import problems
from shared.http.health import HEALTH_PATHS, Health, health_routes, metrics_route
from shared.http.problems import Problem
from shared.http.server import internal_app
from shared.http.service_token import pages_refused

OPEN_PATHS = frozenset({*HEALTH_PATHS, "/metrics"})
"""Answered without credentials: they contain no user data."""

_NO_HOST = "localhost"
"""Of HTTP/1.0, which no browser sends."""
_host = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d*)?")

RequireOperator = Callable[[Request], Awaitable[None]]
"""Returns if the request is an operator's; else raises Problem, `unauthenticated` or `forbidden`."""


@dataclass(frozen=True)
class OperatorCalls:
    """Calls of operators. `require_operator` is awaited before anything of the request's body is read."""

    routers: Sequence[APIRouter]
    require_operator: RequireOperator


def build_admin_app(
    health: Health, calls: OperatorCalls | None = None, *, hosts: Collection[str] = ()
) -> ASGIApp:
    """Build the application. Each path but OPEN_PATHS, known or not, is for operators only. `hosts`: names
    with a dot that it answers as, in lower case."""
    app = internal_app("Parley admin")
    app.include_router(health_routes(health))
    app.include_router(metrics_route())
    for router in calls.routers if calls else ():
        app.include_router(router)
    guarded = _Guard(app, calls.require_operator if calls else _no_calls, frozenset(hosts))
    return ServerErrorMiddleware(guarded, handler=problems.handle_unexpected)


async def _no_calls(_: Request) -> None:
    raise problems.problem_for_status(404, "no such resource")


class _Guard:
    def __init__(self, app: ASGIApp, require_operator: RequireOperator, hosts: Collection[str]) -> None:
        self._app = app
        self._require_operator = require_operator
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = await self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await refusal.response()(scope, receive, send)
        else:
            await WebSocket(scope, receive, send).send_denial_response(refusal.response())

    async def _refusal(self, scope: Scope) -> Problem | None:
        if any(name == b"origin" for name, _ in scope["headers"]):
            return pages_refused()
        if scope["path"] not in HEALTH_PATHS and not self._answers_as(
            Headers(scope=scope).get("host", _NO_HOST)
        ):
            return Problem("bad_request", "no name of this port (ADMIN_ALLOWED_HOSTS)", status=421)
        if scope["type"] == "websocket":
            return problems.problem_for_status(404, "no such resource")
        if scope["path"] in OPEN_PATHS:
            return None
        try:
            await self._require_operator(Request(scope))
        except Problem as problem:
            return problem
        return None

    def _answers_as(self, host: str) -> bool:
        """Whether `host`, with or without a port, is an address, a name that no public one can be, or one of
        ours."""
        match = _host.fullmatch(host.lower())
        if match is None:
            return False
        name = match[1]
        return "." not in name or name.endswith(".localhost") or name in self._hosts or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
