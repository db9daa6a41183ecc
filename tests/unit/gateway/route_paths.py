"""The paths of every route of a gateway."""

from collections.abc import Iterable
from typing import Any

from gateway.app import build_fastapi_app, build_routers
from gateway.components import GatewayComponents


def route_paths(components: GatewayComponents) -> set[str]:
    """Return the paths as the application has them; a mounted folder is its path."""
    paths = set(_paths(build_fastapi_app(components, build_routers(components)).routes))
    assert {"/", "/docs", "/openapi.json", "/messages/sync", "/healthz", "/ws"} <= paths
    return paths


def _paths(routes: Iterable[Any]) -> Iterable[str]:
    for route in routes:
        included = getattr(route, "original_router", None)
        yield from [route.path] if included is None else _paths(included.routes)
