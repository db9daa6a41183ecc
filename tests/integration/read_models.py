"""The read models in a real database, with their writer and their HTTP API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
from fastapi import FastAPI

from message_store.domain.fold import FoldResult
from message_store.projector.event_reader import ConsumedRecord
from message_store.projector.state_cache import StateCache
from message_store.query_api import queries
from message_store.query_api.database import open_database
from message_store.query_api.progress_waiter import ProgressWaiter
from message_store.query_api.routes import build_router, users_router
from message_store.query_api.tickets import Tickets
from message_store.storage import sessions
from message_store.storage.migrate import migrate
from message_store.storage.postgres import PostgresStore
from shared.contract import ids
from shared.contract.events import Event
from shared.http import problems
from shared.http.direct_routes import DirectRoutes
from shared.internal import store_api
from shared.internal.store_api import SyncPage
from shared.log.log_epoch import LogIdentity
from tests.fixtures import builders
from tests.unit.message_store.reference_model import commit

GROUP = ids.group_conversation_id("ann", "g")


@dataclass
class ReadModels:
    """The read models, their writer and their HTTP API."""

    store: PostgresStore
    http: httpx.AsyncClient
    offset: int = 0

    async def apply(self, *story: Event) -> list[FoldResult]:
        arrivals = [
            ConsumedRecord(record, event)
            for record, event in zip(builders.records(0, story, self.offset), story, strict=True)
        ]
        batch = await commit(self.store, StateCache(self.store), arrivals, {0: 0})
        self.offset += len(story)
        return batch.results

    async def get(self, path: str, status: int = 200, **params: Any) -> Any:
        answer = await self.http.get(path, params=params)
        assert answer.status_code == status, answer.text
        if answer.headers["content-type"] == store_api.NDJSON:
            return orjson.loads(SyncPage.decode(answer.content).to_json())
        return answer.json()

    async def history(self, user: str, **params: Any) -> Any:
        return await self.get("/history", user=user, **({"conversation": GROUP} | params))


@asynccontextmanager
async def open_read_models(database_url: str) -> AsyncIterator[ReadModels]:
    migrate(database_url)
    store = PostgresStore(database_url)
    await store.claim(LogIdentity(builders.EPOCH, 1), [0])
    app = FastAPI()
    problems.install_problem_handlers(app)
    async with (
        queries.open_queries(database_url, 4) as opened,
        open_database(database_url, sessions.REDEEMING, name="tickets", connections=2) as tickets_database,
    ):
        waiter = ProgressWaiter(opened.progress)
        routers = [build_router(opened, waiter), users_router(opened, Tickets(tickets_database))]
        for router in routers:
            app.include_router(router)
        watching = asyncio.create_task(waiter.run())
        transport = httpx.ASGITransport(DirectRoutes(app, routers))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://store", headers=store_api.HEADERS
        ) as http:
            yield ReadModels(store, http)
        watching.cancel()
    await store.close()
