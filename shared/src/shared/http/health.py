"""/healthz, /readyz and /metrics, the same on every process."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, disable_created_metrics, generate_latest

_BODY = {
    "type": "object",
    "properties": {"status": {"type": "string"}, "reasons": {"type": "array", "items": {"type": "string"}}},
    "required": ["status", "reasons"],
}

HEALTH_PATHS = ("/healthz", "/readyz")

Reasons = Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Health:
    """What the probes of a process answer. Both return reasons; none: all is well."""

    faults: Reasons
    """Why it is not alive. This is about progress: a process that is stuck is restarted."""
    unready: Reasons
    """Why it should get no traffic. This is about the process itself (started, its dependencies were reached
    once, not draining), never about a dependency that all replicas share."""


def health_routes(health: Health) -> APIRouter:
    """Build the routes of HEALTH_PATHS."""
    router = APIRouter(tags=["operations"])

    @router.get("/healthz", summary="Does this process make progress?", responses=_response_docs("alive"))
    async def healthz() -> Response:
        return _response("alive", list(health.faults()))

    @router.get("/readyz", summary="Should this process get traffic?", responses=_response_docs("ready"))
    async def readyz() -> Response:
        return _response("ready", list(health.unready()))

    return router


def metrics_route() -> APIRouter:
    """Build the route of the process's Prometheus metrics."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the creation time of each series
    router = APIRouter()

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def _response(state: str, reasons: list[str]) -> Response:
    return Response(
        orjson.dumps(_body(state, reasons)), 503 if reasons else 200, media_type="application/json"
    )


def _body(state: str, reasons: list[str]) -> dict[str, Any]:
    return {"status": f"not {state}" if reasons else state, "reasons": reasons}


def _response_docs(state: str) -> dict[int | str, dict[str, Any]]:
    """Return the responses as OpenAPI documents them."""
    return {
        200: _documented(f"It is {state}.", _body(state, [])),
        503: _documented(f"It is not {state}; see `reasons`.", _body(state, ["draining"])),
    }


def _documented(description: str, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": _BODY, "example": example}},
    }
