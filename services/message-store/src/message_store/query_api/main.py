"""`python -m message_store serve`: the queries; scales apart from the projector."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from fastapi import APIRouter, FastAPI
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp

from message_store.query_api import queries
from message_store.query_api.progress_waiter import ProgressWatch
from message_store.query_api.routes import routes
from message_store.settings import ServeSettings
from message_store.storage.migrate import newest
from message_store.storage.schema import SchemaWatch, read_record
from shared.http import problems
from shared.http.direct_routes import DirectRoutes
from shared.http.health import health_routes
from shared.http.service_token import ServicesOnly
from shared.runtime.critical_task import critical


def application(settings: ServeSettings) -> ASGIApp:
    schema = SchemaWatch(partial(read_record, str(settings.database_url)), newest())
    routers: list[APIRouter] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with queries.opened(str(settings.database_url), settings.connections) as opened:
            watch = ProgressWatch(opened.progress)
            routers.append(routes(opened, watch))
            app.include_router(routers[0])
            tasks = [critical(asyncio.create_task(each.run())) for each in (schema, watch)]
            yield
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def not_ready() -> list[str]:
        return [schema.fault] if schema.fault is not None else []

    app = FastAPI(title="Parley message-store", lifespan=lifespan, openapi_url=None)
    problems.install_problem_handlers(app)
    app.include_router(health_routes(list, not_ready))
    guarded = ServicesOnly(DirectRoutes(app, routers), settings.service_token.get_secret_value())
    return ServerErrorMiddleware(guarded, handler=problems.handle_unexpected)
