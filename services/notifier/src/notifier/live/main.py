"""`python -m notifier live`: puts the live notifier together and runs it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from notifier.live import server
from notifier.live.notifier import Notifier
from notifier.live.settings import LiveSettings
from shared import problems
from shared.logs import configure
from shared.probes import probes
from shared.service_token import ServicesOnly
from shared.serving import serve
from shared.settings import read


def application(notifier: Notifier, settings: LiveSettings) -> ASGIApp:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        notifier.start()
        yield
        await notifier.stop()

    app = FastAPI(title="Parley notifier", lifespan=lifespan, openapi_url=None)
    problems.install(app)
    app.include_router(probes(notifier.alive, notifier.not_ready))
    app.include_router(server.links(notifier.switchboard, settings.link_outbox))
    return ServicesOnly(app, settings.service_token.get_secret_value())


def main() -> None:
    settings = read(LiveSettings)
    configure("notifier", settings.log_level)
    notifier = Notifier(settings)
    app = application(notifier, settings)
    serve(app, settings, max_message=server.MAX_MESSAGE, farewell=notifier.stop)
