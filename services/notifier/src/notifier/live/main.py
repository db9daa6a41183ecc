"""`python -m notifier live`: puts the live notifier together and runs it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from notifier.live import link_server
from notifier.live.service import Notifier
from notifier.live.settings import LiveSettings
from shared.http import problems
from shared.http.health import health_routes
from shared.http.server import run_server
from shared.http.service_token import ServicesOnly
from shared.runtime.logging import configure
from shared.runtime.settings import load_settings


def application(notifier: Notifier, settings: LiveSettings) -> ASGIApp:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        notifier.start()
        yield
        await notifier.stop()

    app = FastAPI(title="Parley notifier", lifespan=lifespan, openapi_url=None)
    problems.install_problem_handlers(app)
    app.include_router(health_routes(notifier.alive, notifier.not_ready))
    app.include_router(link_server.links(notifier.switchboard, settings.link_outbox))
    return ServicesOnly(app, settings.service_token.get_secret_value())


def main() -> None:
    settings = load_settings(LiveSettings)
    configure("notifier", settings.log_level)
    notifier = Notifier(settings)
    app = application(notifier, settings)
    run_server(app, settings, max_message=link_server.MAX_MESSAGE, on_shutdown=notifier.stop)
