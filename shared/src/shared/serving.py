"""Running one process: an application on uvicorn, with the settings that this house needs."""

import gc
import resource
import socket
from collections.abc import Awaitable, Callable

import uvicorn
import uvloop
from starlette.types import ASGIApp

from shared.head import HeadAsGet
from shared.settings import ProcessSettings
from shared.socket_protocol import HttpProtocol, SocketProtocol

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


def allow_files() -> None:
    """As many open files as the system lets us: each socket is one, and the usual soft limit is 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def server(
    app: ASGIApp,
    settings: ProcessSettings,
    *,
    grace: int = 8,
    max_message: int = 256 * 1024,
    ping: float = 20,
    farewell: Farewell | None = None,
) -> uvicorn.Server:
    """The same, for who has a loop already and awaits `.serve()` in it. Each `ping` seconds a socket must say
    that it is there."""
    _collect_rarely()
    allow_files()
    config = uvicorn.Config(
        HeadAsGet(app),
        host=settings.host,
        port=settings.port,
        http=HttpProtocol,
        ws=SocketProtocol,
        ws_per_message_deflate=False,  # 30 KiB a socket
        ws_max_size=max_message,
        ws_ping_interval=ping,
        ws_ping_timeout=ping,
        timeout_graceful_shutdown=grace,
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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._farewell is not None:
            await self._farewell()
        await super().shutdown(sockets)
