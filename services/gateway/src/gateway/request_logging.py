"""Each HTTP request has a name, is measured, and a line in the log when it failed or was slow.

Stands around the routes, inside CORS: an error that nobody expected becomes a problem document here, unless
FastAPI made it one before.
"""

import re
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import metrics
from shared.contract import ids
from shared.http.problems import internal_error

log = structlog.get_logger()

_name = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SLOW = 1.0
_PROBES = ("/healthz", "/readyz", "/metrics")


class Tracing:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            name = _named(Headers(scope=scope).get("x-request-id"))
            before = structlog.contextvars.bind_contextvars(request=name)
            try:
                await _Request(name, scope, send).run(self._app, receive)
            finally:
                structlog.contextvars.reset_contextvars(**before)
        else:
            await self._app(scope, receive, send)


class _Request:
    def __init__(self, name: str, scope: Scope, send: Send) -> None:
        self._name = name
        self._scope = scope
        self._send = send
        self._status = 0
        self._began = time.perf_counter()

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        try:
            await app(self._scope, receive, self._pass_on)
        except Exception:
            log.exception("request.failed", route=self._route)
            if self._status == 0:
                await internal_error().response()(self._scope, receive, self._pass_on)
        finally:
            self._record(time.perf_counter() - self._began)

    async def _pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            MutableHeaders(raw=message["headers"]).append("X-Request-Id", self._name)
        await self._send(message)

    def _record(self, seconds: float) -> None:
        method = self._scope["method"]
        metrics.requests.labels(method, self._route, str(self._status)).observe(seconds)
        if self._route not in _PROBES and (self._status >= 500 or seconds > _SLOW):
            event = "request.unsuccessful" if self._status >= 500 else "request.slow"
            (log.warning if self._status >= 500 else log.info)(
                event, method=method, route=self._route, status=self._status, seconds=round(seconds, 3)
            )

    @property
    def _route(self) -> str:
        """Its path, where it is one of ours: what clients invent does not become a label."""
        return str(getattr(self._scope.get("route"), "path", "other"))


def _named(given: str | None) -> str:
    return given if given is not None and _name.fullmatch(given) else ids.fresh_id()
