"""`python -m message_store serve`: the query API, which scales apart from the projector."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import APIRouter
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp

from message_store.query_api.database import open_database
from message_store.query_api.progress_waiter import ProgressWaiter
from message_store.query_api.queries import open_queries
from message_store.query_api.routes import build_router, users_router
from message_store.query_api.tickets import Tickets
from message_store.settings import ServeSettings
from message_store.storage import sessions
from message_store.storage.migrate import newest
from message_store.storage.schema import SchemaWatch, read_record
from shared.http import problems
from shared.http.direct_routes import DirectRoutes
from shared.http.health import Health, health_routes
from shared.http.server import internal_app
from shared.http.service_token import ServicesOnly
from shared.runtime.critical_tasks import CriticalTasks
from shared.service.runner import Service


@asynccontextmanager
async def run_query_api(settings: ServeSettings, critical_tasks: CriticalTasks) -> AsyncIterator[Service]:
    """Run the pool and the pollers. Begins without the database."""
    schema = SchemaWatch(partial(read_record, settings.dsn), newest())
    health = Health(lambda: critical_tasks.failures, lambda: [] if schema.fault is None else [schema.fault])
    async with (
        open_queries(settings.dsn, settings.connections) as queries,
        open_database(
            settings.tickets_dsn,
            sessions.REDEEMING,
            name="tickets",
            connections=settings.ticket_connections,
        ) as tickets_database,
    ):
        waiter = ProgressWaiter(queries.progress)
        routers = [build_router(queries, waiter), users_router(queries, Tickets(tickets_database))]
        async with critical_tasks.running(schema=schema.run(), progress=waiter.run()):
            yield Service(_build_app(settings, routers, health), health)


def _build_app(settings: ServeSettings, routers: list[APIRouter], health: Health) -> ASGIApp:
    app = internal_app("Parley message-store")
    for router in routers:
        app.include_router(router)
    app.include_router(health_routes(health))
    guarded = ServicesOnly(DirectRoutes(app, routers), settings.service_tokens)
    return ServerErrorMiddleware(guarded, handler=problems.handle_unexpected)
