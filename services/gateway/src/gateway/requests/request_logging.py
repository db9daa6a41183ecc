"""Gives each HTTP request an id, measures it, and logs it when it failed or was slow.

Wraps the routes, inside CORS: an unexpected exception becomes a problem document here, unless FastAPI made
one before.
"""

import re
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import metrics
from shared.contract import ids
from shared.http.health import HEALTH_PATHS
from shared.http.problems import internal_error

log = structlog.get_logger()

_valid_request_id = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SLOW_SECONDS = 1.0


class RequestLoggingMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request_id = _request_id(Headers(scope=scope).get("x-request-id"))
            before = structlog.contextvars.bind_contextvars(request=request_id)
            try:
                await _Request(request_id, scope, send).run(self._app, receive)
            finally:
                structlog.contextvars.reset_contextvars(**before)
        else:
            await self._app(scope, receive, send)


class _Request:
    def __init__(self, request_id: str, scope: Scope, send: Send) -> None:
        self._id = request_id
        self._scope = scope
        self._send = send
        self._status = 0
        self._started_at = time.perf_counter()

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        try:
            await app(self._scope, receive, self._send_with_id)
        except Exception:
            log.exception("request.failed", route=self._route)
            if self._status == 0:
                await internal_error().response()(self._scope, receive, self._send_with_id)
        finally:
            self._record(time.perf_counter() - self._started_at)

    async def _send_with_id(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            MutableHeaders(raw=message["headers"]).append("X-Request-Id", self._id)
        await self._send(message)

    def _record(self, seconds: float) -> None:
        method = self._scope["method"]
        metrics.requests.labels(method, self._route, str(self._status)).observe(seconds)
        if self._route not in HEALTH_PATHS and (self._status >= 500 or seconds > _SLOW_SECONDS):
            event = "request.unsuccessful" if self._status >= 500 else "request.slow"
            (log.warning if self._status >= 500 else log.info)(
                event, method=method, route=self._route, status=self._status, seconds=round(seconds, 3)
            )

    @property
    def _route(self) -> str:
        """The route's path; `other` for unknown ones, so that clients cannot invent label values."""
        return str(getattr(self._scope.get("route"), "path", "other"))


def _request_id(header: str | None) -> str:
    return header if header is not None and _valid_request_id.fullmatch(header) else ids.fresh_id()
