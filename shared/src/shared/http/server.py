"""Builds and runs a uvicorn server with the bounds that every process has."""

import asyncio
import gc
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import uvicorn
import uvloop
from starlette.types import ASGIApp

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
from shared.runtime.settings import ProcessSettings

_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Content-Security-Policy", "frame-ancestors 'none'"),
]
"""Header fields of every response."""
_TIMEOUTS = Timeouts()


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


_OPTIONS = ServerOptions()


def run_server(
    app: ASGIApp,
    settings: ProcessSettings,
    *,
    grace: int = 8,
    max_message: int = 256 * 1024,
    on_shutdown: ShutdownHook | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; then run `on_shutdown`, close WebSockets with 1012 and end within
    `grace` seconds. A message of more than `max_message` bytes closes its WebSocket with 1009."""
    uvloop.run(
        build_server(app, settings, grace=grace, max_message=max_message, on_shutdown=on_shutdown).serve()
    )


def _tune_garbage_collection() -> None:
    """Freeze what was imported and collect rarely: messages leave no reference cycles, and collecting every
    700 objects took a tenth of the gateway's and the projector's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def build_server(
    app: ASGIApp,
    settings: ProcessSettings,
    *,
    grace: int = 8,
    max_message: int = 256 * 1024,
    timeouts: Timeouts = _TIMEOUTS,
    options: ServerOptions = _OPTIONS,
    on_shutdown: ShutdownHook | None = None,
) -> uvicorn.Server:
    """Build the server, to be awaited by `.serve()` in a running loop."""
    _tune_garbage_collection()
    raise_limit()
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
    return _Server(config, on_shutdown)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_shutdown: ShutdownHook | None) -> None:
        super().__init__(config)
        self._on_shutdown = on_shutdown

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        open_connections.set_function(lambda: len(self.server_state.connections))
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._on_shutdown is not None:
            await self._on_shutdown()
        await super().shutdown(sockets)
