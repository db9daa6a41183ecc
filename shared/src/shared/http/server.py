"""Builds a uvicorn server with the bounds that every process has."""

import asyncio
import gc
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast

import uvicorn
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from shared.http import problems
from shared.http.connections import (
    AddressConnections,
    ConnectionLimiter,
    Timeouts,
    open_connections,
)
from shared.http.head_requests import HeadAsGet
from shared.http.http_protocol import HttpProtocol
from shared.http.websocket_protocol import WebSocketProtocol
from shared.runtime.open_files import raise_limit
from shared.runtime.service_settings import KeyPair
from shared.runtime.settings import ProcessSettings

_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Content-Security-Policy", "frame-ancestors 'none'"),
]
"""Header fields of every response."""
_TIMEOUTS = Timeouts()
MAX_MESSAGE_BYTES = 256 * 1024
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""For every FastAPI application. Its own telemetry, which FASTAPI_OTEL_AUTO_CONFIGURE switches on, would send
query strings with user ids and tokens; `shared.tracing` does not."""


def internal_app(title: str) -> FastAPI:
    """Build an application without routes and without documentation, whose errors are problem documents."""
    app = FastAPI(title=title, openapi_url=None, telemetry=NO_TELEMETRY)
    problems.install_problem_handlers(app)
    return app


@dataclass(frozen=True)
class ServerOptions:
    """What differs by server."""

    private_paths: tuple[str, ...] = ("/",)
    """Responses below these paths are `no-store`."""
    headers: Sequence[tuple[str, str]] = ()
    """Further header fields of every response."""
    address_connections: AddressConnections | None = None
    """Limits the connections of one address."""


ShutdownHook = Callable[[], Awaitable[None]]
"""Runs when the server is stopped, while all connections are still open."""


DEFAULT_OPTIONS = ServerOptions()


def prepare_process() -> None:
    """Raise the limit of open files. Freeze what was imported and collect rarely: messages leave no reference
    cycles, and collecting every 700 objects took a tenth of the gateway's and the projector's time."""
    raise_limit()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def build_server(
    app: ASGIApp,
    settings: ProcessSettings,
    *,
    grace: int = 8,
    max_message: int = MAX_MESSAGE_BYTES,
    timeouts: Timeouts = _TIMEOUTS,
    options: ServerOptions = DEFAULT_OPTIONS,
    on_shutdown: ShutdownHook | None = None,
) -> uvicorn.Server:
    """Build the server, to be awaited by `.serve()` in a running loop until its `should_exit` is set. From
    then on each response is the last on its connection; the server runs `on_shutdown`, closes WebSockets with
    1012 and ends within `grace` seconds. A message of more than `max_message` bytes closes its WebSocket with
    1009."""
    connections = ConnectionLimiter(settings.max_connections, timeouts.head)
    http = partial(
        HttpProtocol,
        open_connections=connections,
        timeouts=timeouts,
        private_paths=options.private_paths,
        address_connections=options.address_connections,
    )
    config = uvicorn.Config(
        HeadAsGet(app),
        host=settings.host,
        port=settings.port,
        http=cast("type[asyncio.Protocol]", http),
        ws=WebSocketProtocol,
        headers=[*_HEADERS, *options.headers],
        ws_per_message_deflate=False,  # 30 KiB a socket
        ws_max_size=max_message,
        ws_ping_interval=timeouts.ping,
        ws_ping_timeout=timeouts.ping,
        timeout_graceful_shutdown=grace,
        proxy_headers=False,  # clients must not choose their address
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=4096,
    )
    return _Server(config, connections, on_shutdown)


def require_tls(server: uvicorn.Server, key_pair: KeyPair) -> None:
    """Have the port of a server that is not started yet take TLS alone."""
    server.config.ssl_certfile, server.config.ssl_keyfile = key_pair.certificate, str(key_pair.key)


def measure_connections(server: uvicorn.Server) -> None:
    """Let the metric `server_connections` be about this server."""
    open_connections.set_function(lambda: len(server.server_state.connections))


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, connections: ConnectionLimiter, on_shutdown: ShutdownHook | None
    ) -> None:
        super().__init__(config)
        self._connections = connections
        self._on_shutdown = on_shutdown

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the caller: uvicorn would end the process before its components have ended."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._connections.is_closing = True
        if self._on_shutdown is not None:
            await self._on_shutdown()
        await super().shutdown(sockets)
