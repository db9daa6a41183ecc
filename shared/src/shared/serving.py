"""Running one process: an application on uvicorn, with the settings that this house needs."""

import uvicorn
import uvloop
from fastapi import FastAPI

from shared.settings import ProcessSettings


def serve(app: FastAPI, settings: ProcessSettings, *, grace: int = 8) -> None:
    """Serve until SIGTERM or Ctrl-C, then end within `grace` seconds."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # 30 KiB a socket
        ws_max_size=256 * 1024,  # above 64 KiB the gateway answers itself, above this 1009
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_graceful_shutdown=grace,
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=4096,
    )
    uvloop.run(uvicorn.Server(config).serve())
