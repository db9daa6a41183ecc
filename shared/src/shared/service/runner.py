"""The main of every service: settings → logging → ports → components → both servers → their end."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
import uvicorn
import uvloop
from starlette.types import ASGIApp

from shared.http.health import Health
from shared.http.server import (
    DEFAULT_OPTIONS,
    MAX_MESSAGE_BYTES,
    ServerOptions,
    ShutdownHook,
    build_server,
    measure_connections,
    prepare_process,
    require_tls,
)
from shared.metrics.build_info import expose_build
from shared.metrics.event_loop import measure_delay
from shared.runtime import logging
from shared.runtime.critical_tasks import CriticalTasks
from shared.runtime.settings import ProcessSettings, load_settings
from shared.service.admin_app import OperatorCalls, build_admin_app
from shared.service.listeners import PortUnusable, address_of, listening

log = structlog.get_logger()

MAX_ADMIN_CONNECTIONS = 64
"""Apart from MAX_CONNECTIONS: probes are answered while the public port is full."""
_ADMIN_GRACE_SECONDS = 1

S = TypeVar("S", bound=ProcessSettings)


@dataclass(frozen=True)
class Service:
    """What a process serves while its components run."""

    app: ASGIApp
    """Answers on the public port."""
    health: Health
    operator_calls: OperatorCalls | None = None
    """Answered on the admin port."""
    drain: ShutdownHook | None = None
    """Runs first when the process is stopped, while both ports answer and all connections are open."""
    grace: int = 8
    """Seconds for the connections to close afterwards."""
    max_message: int = MAX_MESSAGE_BYTES
    options: ServerOptions = DEFAULT_OPTIONS
    """Of the public port."""


Components = Callable[[S, CriticalTasks], AbstractAsyncContextManager[Service]]
"""Runs what a service needs while the context is open. Entering it does not wait for other processes; its
tasks run in the CriticalTasks."""


def run_service(name: str, settings_class: type[S], components: Components[S]) -> None:
    """Serve until SIGTERM or Ctrl-C. Ends the process with status 1 when a critical task has failed, so that
    it is restarted, or a port cannot be opened, and with status 2 when a setting is invalid."""
    settings = load_settings(settings_class)
    logging.configure(name, settings.log_level)
    expose_build(name, settings.revision)
    prepare_process()
    uvloop.run(serve(settings, components))


async def serve(settings: S, components: Components[S]) -> None:
    """Run the components and both servers until a signal or a failure. The order of the end: drain, close
    both ports and their connections, leave the components. Raises SystemExit as `run_service` says."""
    critical_tasks = CriticalTasks()
    try:
        with (
            listening(settings.host, settings.port, "PORT") as public_sockets,
            listening(settings.admin_host, settings.admin_port, "ADMIN_PORT") as admin_sockets,
        ):
            log.info("ports.open", port=address_of(public_sockets), admin_port=address_of(admin_sockets))
            await _run(settings, components, critical_tasks, (public_sockets, admin_sockets))
    except PortUnusable as error:
        hint = f"set {error.setting} to a free port"
        log.error("port.unusable", address=str(error.address), reason=error.reason, hint=hint)
        sys.exit(1)
    if critical_tasks.failures:
        sys.exit(1)


async def _run(
    settings: S,
    components: Components[S],
    critical_tasks: CriticalTasks,
    sockets: tuple[list[socket.socket], list[socket.socket]],
) -> None:
    stopping = asyncio.Event()
    with _set_by_signals(stopping):
        async with (
            components(settings, critical_tasks) as service,
            critical_tasks.running(event_loop_delay=measure_delay()),
        ):
            servers = _build_servers(settings, service)
            async with (
                _stopping(servers[0], stopping.wait(), critical_tasks.wait_for_failure()),
                asyncio.TaskGroup() as serving,
            ):
                for server, listeners in zip(servers, sockets, strict=True):
                    serving.create_task(server.serve(listeners))


def _build_servers(settings: ProcessSettings, service: Service) -> tuple[uvicorn.Server, uvicorn.Server]:
    """Build the public and the admin server. The end of the public one ends the admin server."""

    async def on_shutdown() -> None:
        try:
            if service.drain is not None:
                await service.drain()
        finally:
            admin.should_exit = True

    public = build_server(
        service.app,
        settings,
        grace=service.grace,
        max_message=service.max_message,
        options=service.options,
        on_shutdown=on_shutdown,
    )
    if settings.key_pair is not None:
        require_tls(public, settings.key_pair)
    measure_connections(public)
    admin = build_server(
        build_admin_app(service.health, service.operator_calls),
        settings.model_copy(update={"max_connections": MAX_ADMIN_CONNECTIONS}),
        grace=_ADMIN_GRACE_SECONDS,
    )
    return public, admin


@contextmanager
def _set_by_signals(event: asyncio.Event) -> Iterator[None]:
    """Set the event on SIGTERM and SIGINT. Further ones change nothing: the end takes ten seconds at most."""
    loop, signals = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, event.set)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def _stopping(server: uvicorn.Server, *causes: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Stop the server once one of these returns."""

    def stop(_: asyncio.Task[object]) -> None:
        server.should_exit = True

    tasks = [asyncio.create_task(cause) for cause in causes]
    for task in tasks:
        task.add_done_callback(stop)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
