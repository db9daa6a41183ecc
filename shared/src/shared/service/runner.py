"""The main of every service: settings → logging → ports → components → both servers → their end."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager
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
from shared.runtime import changed_files, logging
from shared.runtime.critical_tasks import CriticalTasks
from shared.runtime.settings import ProcessSettings, load_settings
from shared.service.admin_app import OperatorCalls, build_admin_app
from shared.service.listeners import PortUnusable, address_of, listening

log = structlog.get_logger()

MAX_ADMIN_CONNECTIONS = 64
"""Apart from MAX_CONNECTIONS: probes are answered while the public port is full."""
_ADMIN_GRACE_SECONDS = 1
_COMPONENTS_SECONDS = 1
"""Of DRAIN_SECONDS, for the end of the components. What the drain leaves is for requests in progress."""

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
    max_message: int = MAX_MESSAGE_BYTES
    options: ServerOptions = DEFAULT_OPTIONS
    """Of the public port."""


Components = Callable[[S, CriticalTasks], AbstractAsyncContextManager[Service]]
"""Runs what a service needs while the context is open. Entering it does not wait for other processes; its
tasks run in the CriticalTasks."""


def run_service(name: str, settings_class: type[S], components: Components[S]) -> None:
    """Serve until SIGTERM or Ctrl-C. Ends the process with status 1 when a critical task has failed, so that
    it is restarted, a port cannot be opened, or it has not ended within DRAIN_SECONDS, as after a kill; and
    with status 2 when a setting is invalid."""
    settings = load_settings(settings_class)
    logging.configure(name, settings.log_level)
    expose_build(name, settings.revision)
    prepare_process()
    uvloop.run(serve(settings, components, on_overdue=exit_overdue))


async def serve(
    settings: S, components: Components[S], *, on_overdue: Callable[[], None] | None = None
) -> None:
    """Run the components and both servers until a signal or a failure. The order of the end: drain, close
    both ports and their connections, leave the components. `on_overdue` is called when that takes longer than
    DRAIN_SECONDS. Raises SystemExit as `run_service` says."""
    critical_tasks = CriticalTasks()
    try:
        with (
            listening(settings.host, settings.port, "PORT") as public_sockets,
            listening(settings.admin_host, settings.admin_port, "ADMIN_PORT") as admin_sockets,
        ):
            log.info("ports.open", port=address_of(public_sockets), admin_port=address_of(admin_sockets))
            watching = asyncio.create_task(changed_files.watch(settings.files_read_once()))
            countdown = _Countdown(settings.drain_seconds, on_overdue or _ignore)
            try:
                with closing(countdown):
                    await _run(
                        settings, components, critical_tasks, (public_sockets, admin_sockets), countdown
                    )
            finally:
                watching.cancel()
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
    countdown: "_Countdown",
) -> None:
    stopping = asyncio.Event()
    with _set_by_signals(stopping):
        async with (
            components(settings, critical_tasks) as service,
            critical_tasks.running(event_loop_delay=measure_delay()),
        ):
            servers = _build_servers(settings, service, countdown)

            def stop() -> None:
                countdown.start()
                servers[0].should_exit = True

            async with (
                _stopping(stop, stopping.wait(), critical_tasks.wait_for_failure()),
                asyncio.TaskGroup() as serving,
            ):
                for server, listeners in zip(servers, sockets, strict=True):
                    serving.create_task(server.serve(listeners))


def _build_servers(
    settings: ProcessSettings, service: Service, countdown: "_Countdown"
) -> tuple[uvicorn.Server, uvicorn.Server]:
    """Build the public and the admin server. The end of the public one ends the admin server."""

    async def on_shutdown() -> None:
        try:
            if service.drain is not None:
                await service.drain()
        finally:
            admin.should_exit = True
            public.config.timeout_graceful_shutdown = max(1, int(countdown.remaining - _COMPONENTS_SECONDS))

    public = build_server(
        service.app,
        settings,
        max_message=service.max_message,
        options=service.options,
        on_shutdown=on_shutdown,
    )
    if settings.key_pair is not None:
        require_tls(public, settings.key_pair)
    measure_connections(public)
    admin = build_server(
        build_admin_app(service.health, service.operator_calls, hosts=settings.admin_allowed_hosts),
        settings.model_copy(update={"max_connections": MAX_ADMIN_CONNECTIONS}),
        grace=_ADMIN_GRACE_SECONDS,
    )
    return public, admin


@contextmanager
def _set_by_signals(event: asyncio.Event) -> Iterator[None]:
    """Set the event on SIGTERM and SIGINT. Further ones change nothing: the end takes DRAIN_SECONDS at
    most."""
    loop, signals = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, event.set)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


class _Countdown:
    """Calls `on_overdue` unless it is closed within so many seconds of its start."""

    def __init__(self, seconds: float, on_overdue: Callable[[], None]) -> None:
        self._seconds = seconds
        self._on_overdue = on_overdue
        self._started_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._started_at = loop.time()
            self._timer = loop.call_later(self._seconds, self._on_overdue)

    @property
    def remaining(self) -> float:
        """Seconds that are left; call `start` before."""
        return self._started_at + self._seconds - asyncio.get_running_loop().time()

    def close(self) -> None:
        """Stop it: the process is ending in time."""
        if self._timer is not None:
            self._timer.cancel()


def _ignore() -> None:
    pass


def exit_overdue() -> None:
    """Exit the process at once with status 1."""
    hint = (
        "the process did not end within DRAIN_SECONDS; what is accepted is kept. "
        "Does Kafka or PostgreSQL not answer?"
    )
    log.error("drain.overdue", hint=hint)
    sys.stdout.flush()
    os._exit(1)


@asynccontextmanager
async def _stopping(stop: Callable[[], None], *causes: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Call `stop` once one of these returns."""
    tasks = [asyncio.create_task(cause) for cause in causes]
    for task in tasks:
        task.add_done_callback(lambda _: stop())
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
