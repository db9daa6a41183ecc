"""/healthz, /readyz and /metrics, the same on every process."""

from collections.abc import Callable, Iterable

import orjson
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Reasons = Callable[[], Iterable[str]]
"""Why a process is not alive, or not ready; empty when it is."""


def probes(alive: Reasons, ready: Reasons) -> APIRouter:
    """`alive` is about progress: a process that does nothing although there is work names a reason, so that
    it is started anew. `ready` is about dependencies, but for those that clients can do without."""
    router = APIRouter(tags=["operations"])

    @router.get("/healthz", summary="Does this process make progress?")
    async def healthz() -> Response:
        return _answer("alive", list(alive()))

    @router.get("/readyz", summary="Should this process get traffic?")
    async def readyz() -> Response:
        return _answer("ready", list(ready()))

    @router.get("/metrics", summary="Prometheus metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def _answer(state: str, reasons: list[str]) -> Response:
    body = {"status": state if not reasons else f"not {state}", "reasons": reasons}
    return Response(orjson.dumps(body), 503 if reasons else 200, media_type="application/json")
