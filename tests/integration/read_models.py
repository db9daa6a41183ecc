"""The read models in a real database, their writer and their HTTP API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from message_store.domain.fold import FoldResult
from message_store.projector.event_reader import ConsumedRecord
from message_store.projector.state_cache import StateCache
from message_store.query_api import queries
from message_store.query_api.progress_waiter import ProgressWatch
from message_store.query_api.routes import routes
from message_store.storage.migrate import migrate
from message_store.storage.postgres import PostgresStore
from shared.contract import ids
from shared.contract.events import Event
from shared.http import problems
from shared.http.direct_routes import DirectRoutes
from shared.log.log_epoch import LogIdentity
from tests import builders
from tests.unit.message_store.reference_model import commit

GROUP = ids.group_conversation_id("ann", "g")


@dataclass
class Memory:
    """The read models, their writer and their HTTP API."""

    store: PostgresStore
    http: httpx.AsyncClient
    offset: int = 0

    async def apply(self, *story: Event) -> list[FoldResult]:
        arrivals = [
            ConsumedRecord(record, event)
            for record, event in zip(builders.records(0, story, self.offset), story, strict=True)
        ]
        made = await commit(self.store, StateCache(self.store), arrivals, {0: 0})
        self.offset += len(story)
        return made.results

    async def get(self, path: str, status: int = 200, **params: Any) -> Any:
        response = await self.http.get(path, params=params)
        assert response.status_code == status, response.text
        return response.json()

    async def history(self, user: str, **params: Any) -> Any:
        return await self.get("/history", user=user, **({"conversation": GROUP} | params))


@asynccontextmanager
async def read_models(database_url: str) -> AsyncIterator[Memory]:
    migrate(database_url)
    store = PostgresStore(database_url)
    await store.claim(LogIdentity(builders.EPOCH, 1), [0])
    app = FastAPI()
    problems.install_problem_handlers(app)
    async with queries.opened(database_url, 4) as opened:
        watch = ProgressWatch(opened.progress)
        router = routes(opened, watch)
        app.include_router(router)
        watching = asyncio.create_task(watch.run())
        transport = httpx.ASGITransport(DirectRoutes(app, [router]))
        async with httpx.AsyncClient(transport=transport, base_url="http://store") as http:
            yield Memory(store, http)
        watching.cancel()
    await store.close()
