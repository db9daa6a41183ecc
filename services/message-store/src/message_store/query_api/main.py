"""The application of `python -m message_store serve`, which scales apart from the projector."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from fastapi import APIRouter, FastAPI
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp

from message_store.query_api.progress_waiter import ProgressWaiter
from message_store.query_api.queries import open_queries
from message_store.query_api.routes import build_router
from message_store.settings import ServeSettings
from message_store.storage.migrate import newest
from message_store.storage.schema import SchemaWatch, read_record
from shared.http import problems
from shared.http.direct_routes import DirectRoutes
from shared.http.health import health_routes
from shared.http.service_token import ServicesOnly
from shared.runtime.critical_task import critical


def application(settings: ServeSettings) -> ASGIApp:
    """Build the application. Its lifespan opens the pool and the pollers; it starts without the database."""
    schema = SchemaWatch(partial(read_record, settings.dsn), newest())
    routers: list[APIRouter] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_queries(settings.dsn, settings.connections) as queries:
            waiter = ProgressWaiter(queries.progress)
            routers.append(build_router(queries, waiter))
            app.include_router(routers[0])
            tasks = [critical(asyncio.create_task(poller.run())) for poller in (schema, waiter)]
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
