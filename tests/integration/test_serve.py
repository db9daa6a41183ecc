"""`message_store serve` as a real process, started before what it needs."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from message_store.migrations import migrate
from message_store.postgres import PostgresStore
from shared.log_identity import LogIdentity
from tests import builders
from tests.service_token import AUTHORIZATION, SERVICE_TOKEN


@asynccontextmanager
async def _serving(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {"DATABASE_URL": database_url, "PORT": str(port), "SERVICE_TOKEN": SERVICE_TOKEN}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "message_store", "serve", env=env)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=AUTHORIZATION) as client:
            yield client
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 15)


async def _ready(client: httpx.AsyncClient, expected: int) -> str:
    async with asyncio.timeout(20):
        while True:
            try:
                answer = await client.get("/readyz")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code == expected:
                return answer.text
            await asyncio.sleep(0.1)


async def test_it_waits_for_the_migrations_and_for_the_projection(database_url: str) -> None:
    async with _serving(database_url) as client:
        await _ready(client, 503)
        assert (await client.get("/progress")).json()["code"] == "unavailable"
        await asyncio.to_thread(migrate, database_url)
        await asyncio.sleep(0.5)
        assert "has not begun" in await _ready(client, 503)
        store = PostgresStore(database_url)
        await store.claim(LogIdentity(builders.EPOCH, 1), [0])
        await store.close()
        await _ready(client, 200)
        position = f"{builders.EPOCH}-0-0"
        behind = await client.get("/conversations", params={"user": "ann", "position": position})
        assert behind.json()["code"] == "projection_behind"
