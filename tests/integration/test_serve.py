"""`message_store serve` and `project` as real processes, started before what they need."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from message_store.storage.migrate import migrate
from message_store.storage.postgres import PostgresStore
from shared.internal import store_api
from shared.log.log_epoch import LogIdentity
from shared.log.topics import TopicSettings, open_log
from tests.chaos.proxy.tcp_relay import Relay
from tests.fixtures import builders
from tests.fixtures.notifier_processes import free_port
from tests.fixtures.service_token import AUTHORIZATION, SERVICE_TOKEN


@asynccontextmanager
async def _serving(database_url: str, command: str = "serve", **env: str) -> AsyncIterator[httpx.AsyncClient]:
    port = free_port()
    given = (
        os.environ | {"DATABASE_URL": database_url, "PORT": str(port), "SERVICE_TOKEN": SERVICE_TOKEN} | env
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "message_store", command, env=given)
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={**AUTHORIZATION, **store_api.HEADERS}
        ) as client:
            yield client
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 15)


async def _answers(client: httpx.AsyncClient, status: int, reason: str = "") -> None:
    """Return once /readyz answers with this status."""
    async with asyncio.timeout(30):
        while True:
            with suppress(httpx.TransportError):
                answer = await client.get("/readyz")
                if answer.status_code == status and reason in answer.text:
                    return
            await asyncio.sleep(0.05)


async def test_it_is_ready_once_the_schema_is_right_and_refuses_what_comes_too_early(
    database_url: str,
) -> None:
    async with _serving(database_url) as client:
        await _answers(client, 503, "run `python -m message_store migrate`")
        assert (await client.get("/progress")).json()["code"] == "unavailable"
        await asyncio.to_thread(migrate, database_url)
        await _answers(client, 200)
        early = await client.get("/progress")
        assert (early.status_code, early.headers["Retry-After"]) == (503, "1")
        assert "has not begun" in early.json()["detail"]
        store = PostgresStore(database_url)
        await store.claim(LogIdentity(builders.EPOCH, 1), [0])
        await store.close()
        position = f"{builders.EPOCH}-0-0"
        behind = await client.get("/conversations", params={"user": "ann", "position": position})
        assert behind.json()["code"] == "projection_behind"


@pytest.mark.parametrize("command", ["serve", "project"])
async def test_on_a_schema_that_needs_newer_code_it_is_alive_and_not_ready_with_a_reason(
    database_url: str, kafka_bootstrap: str, topic_prefix: str, command: str
) -> None:
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("update schema_record set version = 9, min_code = 9")
    log = {"KAFKA_BOOTSTRAP": kafka_bootstrap, "TOPIC_PREFIX": topic_prefix}
    async with _serving(database_url, command, **log) as client:
        await _answers(client, 503, "deploy the newer release")
        assert (await client.get("/healthz")).status_code == 200


async def test_a_projector_is_ready_once_it_has_seen_its_log_and_stays_so_without_its_database(
    database_url: str, kafka_bootstrap: str, topic_prefix: str
) -> None:
    """All projectors share the database: readiness must not depend on it."""
    migrate(database_url)
    log = {"KAFKA_BOOTSTRAP": kafka_bootstrap, "TOPIC_PREFIX": topic_prefix}
    async with _proxied(database_url) as (relay, through), _serving(through, "project", **log) as client:
        await _answers(client, 503, '["the log has not been seen yet"]')
        await open_log(
            TopicSettings(kafka_bootstrap=kafka_bootstrap, topic_prefix=topic_prefix, partitions=1)
        )
        await _answers(client, 200)
        await relay.close()
        assert (await client.get("/readyz")).json() == {"status": "ready", "reasons": []}


@asynccontextmanager
async def _proxied(database_url: str) -> AsyncIterator[tuple[Relay, str]]:
    at = urlsplit(database_url)
    relay = Relay(free_port(), at.port or 5432)
    await relay.open()
    try:
        yield relay, at._replace(netloc=f"{at.username}:{at.password}@127.0.0.1:{relay.port}").geturl()
    finally:
        await relay.close()
