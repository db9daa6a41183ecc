"""`python -m message_store serve`: the queries; scales apart from the projector."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import APIRouter, FastAPI
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp

from message_store import queries
from message_store.api import routes
from message_store.progress import ProgressWatch
from message_store.settings import ServeSettings
from shared import problems
from shared.probes import probes
from shared.service_token import ServicesOnly
from shared.shortcut import Shortcut
from shared.vital import vital


def application(settings: ServeSettings) -> ASGIApp:
    watches: list[ProgressWatch] = []
    routers: list[APIRouter] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with queries.opened(str(settings.database_url), settings.connections) as opened:
            watch = ProgressWatch(opened.progress)
            watches.append(watch)
            routers.append(routes(opened, watch))
            app.include_router(routers[0])
            task = vital(asyncio.create_task(watch.run()))
            yield
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def ready() -> list[str]:
        return [watch.fault for watch in watches if watch.fault is not None]

    app = FastAPI(title="Parley message-store", lifespan=lifespan, openapi_url=None)
    problems.install(app)
    app.include_router(probes(list, ready))
    guarded = ServicesOnly(Shortcut(app, routers), settings.service_token.get_secret_value())
    return ServerErrorMiddleware(guarded, handler=problems.internal)
