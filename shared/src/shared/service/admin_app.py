"""The application of the admin port: probes, metrics and operators' calls.

The port is for the operator's network only. Its `Host` is not checked, since probes and scrapes come by
address, and web pages are refused: a browser can be made to send requests to an internal address.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI, Request
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from shared.http import problems
from shared.http.health import HEALTH_PATHS, Health, health_routes, metrics_route
from shared.http.problems import Problem
from shared.http.server import NO_TELEMETRY
from shared.http.service_token import pages_refused

OPEN_PATHS = frozenset({*HEALTH_PATHS, "/metrics"})
"""Answered without credentials: they contain no user data."""

RequireOperator = Callable[[Request], Awaitable[None]]
"""Returns if the request is an operator's; else raises Problem, `unauthenticated` or `forbidden`."""


@dataclass(frozen=True)
class OperatorCalls:
    """Calls of operators. `require_operator` is awaited before anything of the request's body is read."""

    routers: Sequence[APIRouter]
    require_operator: RequireOperator


def build_admin_app(health: Health, calls: OperatorCalls | None = None) -> ASGIApp:
    """Build the application. Each path but OPEN_PATHS, known or not, is for operators only."""
    app = FastAPI(title="Parley admin", openapi_url=None, telemetry=NO_TELEMETRY)
    problems.install_problem_handlers(app)
    app.include_router(health_routes(health))
    app.include_router(metrics_route())
    for router in calls.routers if calls else ():
        app.include_router(router)
    guarded = _Guard(app, calls.require_operator if calls else _no_calls)
    return ServerErrorMiddleware(guarded, handler=problems.handle_unexpected)


async def _no_calls(_: Request) -> None:
    raise problems.problem_for_status(404, "no such resource")


class _Guard:
    def __init__(self, app: ASGIApp, require_operator: RequireOperator) -> None:
        self._app = app
        self._require_operator = require_operator

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
        if scope["type"] == "websocket":
            return problems.problem_for_status(404, "no such resource")
        if scope["path"] in OPEN_PATHS:
            return None
        try:
            await self._require_operator(Request(scope))
        except Problem as problem:
            return problem
        return None
