"""A span for each HTTP request, by OpenTelemetry's semantic conventions for HTTP servers.

Not the middleware of Starlette or FastAPI: both record the query string, which holds user ids and may hold a
token, and DirectRoutes passes FastAPI by.
"""

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.health import HEALTH_PATHS
from shared.tracing.port import Kind, Operation, Tracer
from shared.tracing.traceparent import of_request

_METHODS = {
    method: Operation(method, Kind.SERVER, {"http.request.method": method})
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}
_OTHER_METHOD = Operation("HTTP", Kind.SERVER, {"http.request.method": "_OTHER"})


def traced(app: ASGIApp, tracer: Tracer) -> ASGIApp:
    """Return `app` with a span around each request, probes excepted; `app` itself where tracing is off."""
    return RequestTracingMiddleware(app, tracer) if tracer.is_on else app


class RequestTracingMiddleware:
    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in HEALTH_PATHS:
            await self._app(scope, receive, send)
            return
        operation = _METHODS.get(scope["method"], _OTHER_METHOD)
        with self._tracer.start(operation, parent=of_request(scope["headers"])) as span:

            async def send_response(message: Message) -> None:
                if message["type"] == "http.response.start":
                    status = message["status"]
                    span.set({"http.response.status_code": status})
                    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                        span.fail(str(status))
                await send(message)

            try:
                await self._app(scope, receive, send_response)
            finally:
                route = getattr(scope.get("route"), "path", None)
                if route is not None:
                    span.rename(f"{operation.name} {route}")
                    span.set({"http.route": route})
