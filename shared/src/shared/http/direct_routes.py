"""Calls a route without FastAPI's dispatch.

FastAPI solves dependencies, keeps exit stacks and tries route after route: half of the CPU of a call whose
route takes the `Request` and returns a `Response`. DirectRoutes wraps the application and calls such a route
by its method and path. Everything else, a wrong method too, goes to FastAPI, which has the same routes and
documents them.
"""

from collections.abc import Iterator, Sequence
from inspect import signature

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.problems import Problem

_Table = dict[tuple[str, str], APIRoute]


class DirectRoutes:
    """Answers a Problem that a route raises; other exceptions propagate."""

    def __init__(self, app: ASGIApp, routers: Sequence[APIRouter]) -> None:
        """`routers` are read at the first call, when all routes are added."""
        self._app = app
        self._routers = routers
        self._table: _Table | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._direct(scope) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route  # as Starlette's router leaves it
        try:
            response = await route.endpoint(Request(scope, receive, send))
        except Problem as problem:
            response = problem.response()
        await response(scope, receive, send)

    def _direct(self, scope: Scope) -> APIRoute | None:
        if self._table is None:
            self._table = {at: route for router in self._routers for at, route in _direct(router)}
        return self._table.get((scope["method"], scope["path"]))


def _direct(router: APIRouter) -> Iterator[tuple[tuple[str, str], APIRoute]]:
    for route in router.routes:
        if isinstance(route, APIRoute) and "{" not in route.path and _takes_only_request(route):
            yield from (((method, route.path), route) for method in route.methods or ())


def _takes_only_request(route: APIRoute) -> bool:
    """Return whether the endpoint takes a Request and nothing else."""
    return [each.annotation for each in signature(route.endpoint).parameters.values()] == [Request]
