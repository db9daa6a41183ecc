"""`python -m notifier live`: builds the live notifier and runs it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from notifier.live.link_server import LinkServer
from notifier.live.service import LiveNotifier
from notifier.live.settings import LiveSettings
from shared.http import problems
from shared.http.health import health_routes
from shared.http.server import run_server
from shared.http.service_token import ServicesOnly
from shared.internal.link_protocol import MAX_MESSAGE_BYTES
from shared.runtime.logging import configure
from shared.runtime.settings import load_settings


def build_app(notifier: LiveNotifier, settings: LiveSettings) -> ASGIApp:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        notifier.start()
        yield
        await notifier.stop()

    app = FastAPI(title="Parley notifier", lifespan=lifespan, openapi_url=None)
    problems.install_problem_handlers(app)
    app.include_router(health_routes(notifier.stall_reasons, notifier.unready_reasons))
    app.include_router(LinkServer(notifier.dispatcher, settings.link_outbox).router)
    return ServicesOnly(app, settings.service_tokens)


def main() -> None:
    settings = load_settings(LiveSettings)
    configure("notifier", settings.log_level)
    notifier = LiveNotifier(settings)
    app = build_app(notifier, settings)
    run_server(app, settings, max_message=MAX_MESSAGE_BYTES, on_shutdown=notifier.stop)
