"""Running one process: an application on uvicorn, with the settings that this house needs."""

import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from shared.settings import ProcessSettings

_ABORT = "parley.abort"

Farewell = Callable[[], Awaitable[None]]
"""What is still to be done when a stop was asked for, while all connections are open."""


def serve(
    app: FastAPI,
    settings: ProcessSettings,
    *,
    grace: int = 8,
    max_message: int = 256 * 1024,
    farewell: Farewell | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; then `farewell`, close sockets with 1012 and end within `grace` seconds.
    A socket that sends more than `max_message` bytes at once is closed with 1009."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http="httptools",
        ws=_Sockets,
        ws_per_message_deflate=False,  # 30 KiB a socket
        ws_max_size=max_message,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_graceful_shutdown=grace,
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=4096,
    )
    uvloop.run(_Server(config, farewell).serve())


def abort(socket: WebSocket) -> None:
    """Cut a peer that does not read. Closing would wait until it had read what is buffered: for ever."""
    socket.scope["extensions"][_ABORT]()


class _Sockets(WebSocketsSansIOProtocol):
    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # not when the handshake was refused
            extensions: Any = self.scope["extensions"]
            extensions[_ABORT] = self.transport.abort


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, farewell: Farewell | None) -> None:
        super().__init__(config)
        self._farewell = farewell

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._farewell is not None:
            await self._farewell()
        await super().shutdown(sockets)
