"""Running one process: an application on uvicorn, with the settings that this house needs."""

import asyncio
import gc
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast

import uvicorn
import uvloop
from starlette.types import ASGIApp

from shared.http.connections import Connections, Timeouts, open_connections
from shared.http.head_requests import HeadAsGet
from shared.http.http_protocol import HttpProtocol
from shared.http.websocket_protocol import SocketProtocol
from shared.runtime.open_files import raise_limit
from shared.runtime.settings import ProcessSettings

_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Content-Security-Policy", "frame-ancestors 'none'"),
]
"""Of every answer."""
_TIMEOUTS = Timeouts()

Farewell = Callable[[], Awaitable[None]]
"""What is still to be done when a stop was asked for, while all connections are open."""


def serve(
    app: ASGIApp,
    settings: ProcessSettings,
    *,
    grace: int = 8,
    max_message: int = 256 * 1024,
    farewell: Farewell | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; then `farewell`, close sockets with 1012 and end within `grace` seconds.
    A socket that sends more than `max_message` bytes at once is closed with 1009."""
    uvloop.run(server(app, settings, grace=grace, max_message=max_message, farewell=farewell).serve())


def _collect_rarely() -> None:
    """What was imported stays; what a message leaves behind goes by reference count. Looking for circles each
    700 objects took a tenth of the gateway's and the projector's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def server(
    app: ASGIApp,
    settings: ProcessSettings,
    *,
    grace: int = 8,
    max_message: int = 256 * 1024,
    timeouts: Timeouts = _TIMEOUTS,
    private: str = "/",
    farewell: Farewell | None = None,
) -> uvicorn.Server:
    """The same, for who has a loop already and awaits `.serve()` in it. Answers below the path `private` are
    `no-store`."""
    _collect_rarely()
    raise_limit()
    connections = Connections(settings.max_connections, timeouts.head)
    http = partial(HttpProtocol, open_connections=connections, timeouts=timeouts, private=private)
    config = uvicorn.Config(
        HeadAsGet(app),
        host=settings.host,
        port=settings.port,
        http=cast("type[asyncio.Protocol]", http),
        ws=SocketProtocol,
        headers=_HEADERS,
        ws_per_message_deflate=False,  # 30 KiB a socket
        ws_max_size=max_message,
        ws_ping_interval=timeouts.ping,
        ws_ping_timeout=timeouts.ping,
        timeout_graceful_shutdown=grace,
        proxy_headers=False,  # who calls is not for a client to say
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=4096,
    )
    return _Server(config, farewell)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, farewell: Farewell | None) -> None:
        super().__init__(config)
        self._farewell = farewell

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        open_connections.set_function(lambda: len(self.server_state.connections))
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._farewell is not None:
            await self._farewell()
        await super().shutdown(sockets)
