"""`python -m notifier live`: builds the live notifier and runs it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from notifier.live.link_server import LinkServer
from notifier.live.service import LiveNotifier
from notifier.live.settings import LiveSettings
from shared.http.health import Health, health_routes
from shared.http.server import internal_app
from shared.http.service_token import ServicesOnly
from shared.internal.link_protocol import MAX_MESSAGE_BYTES
from shared.runtime.critical_tasks import CriticalTasks
from shared.service.runner import Service, run_service
from shared.tracing.opening import open_tracer


def main() -> None:
    run_service("notifier", LiveSettings, run_notifier)


@asynccontextmanager
async def run_notifier(settings: LiveSettings, critical_tasks: CriticalTasks) -> AsyncIterator[Service]:
    """Run the consumer of entries; it stops before the links are closed."""
    async with open_tracer(settings, "parley-notifier") as tracer:
        notifier = LiveNotifier(settings, tracer)
        health = Health(
            lambda: [*critical_tasks.failures, *notifier.stall_reasons()], notifier.unready_reasons
        )
        notifier.start(critical_tasks)
        try:
            yield Service(
                _build_app(notifier, settings, health),
                health,
                drain=notifier.stop,
                max_message=MAX_MESSAGE_BYTES,
            )
        finally:
            await notifier.stop()


def _build_app(notifier: LiveNotifier, settings: LiveSettings, health: Health) -> ASGIApp:
    app = internal_app("Parley notifier")
    app.include_router(health_routes(health))
    app.include_router(LinkServer(notifier.dispatcher, settings.link_outbox).router)
    return ServicesOnly(app, settings.service_tokens)
