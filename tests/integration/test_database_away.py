"""Which failures of the database are `database_away` and which are `busy`: only the first opens the check."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from message_store.query_api import queries
from message_store.storage.migrate import migrate
from message_store.storage.postgres import PostgresStore
from shared.http.problems import Problem
from shared.log.log_epoch import LogIdentity
from tests.fixtures import builders
from tests.fixtures.notifier_processes import free_port
from tests.integration.read_models import GROUP


async def codes(database_url: str, times: int = 8) -> set[str]:
    """Send this many queries at once and return their error codes."""
    async with queries.open_queries(database_url, 4) as opened:
        return set(await asyncio.gather(*(_code(opened) for _ in range(times))))


async def _code(opened: queries.Queries) -> str:
    try:
        await opened.membership("ann", GROUP)
    except Problem as problem:
        return problem.code
    return "answered"


@pytest.fixture
async def projected(database_url: str) -> str:
    """A database that can be queried."""
    await asyncio.to_thread(migrate, database_url)
    store = PostgresStore(database_url)
    await store.claim(LogIdentity(builders.EPOCH, 1), [0])
    await store.close()
    return database_url


@pytest.fixture
def without_connections(projected: str, postgres_admin_url: str) -> Iterator[str]:
    """The URL of a role that has used up its connections."""
    name = f"full_{secrets.token_hex(4)}"
    role = sql.Identifier(name)
    with psycopg.connect(postgres_admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("create role {} login password 'x' connection limit 0").format(role))
        try:
            where = urlsplit(projected)
            yield where._replace(netloc=f"{name}:x@{where.netloc.rpartition('@')[2]}").geturl()
        finally:
            admin.execute(sql.SQL("drop role {}").format(role))


async def test_a_server_that_refuses_connections_is_away() -> None:
    assert await codes(f"postgresql://ann@127.0.0.1:{free_port()}/any") == {"database_away"}


async def test_a_server_with_too_many_connections_is_busy(without_connections: str) -> None:
    assert await codes(without_connections) == {"busy"}


async def test_a_server_that_does_not_answer_is_busy() -> None:
    async with _silent() as url:
        assert await codes(url) == {"busy"}


@asynccontextmanager
async def _silent() -> AsyncIterator[str]:
    async def listen(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    ended = asyncio.Event()
    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        yield f"postgresql://ann@127.0.0.1:{server.sockets[0].getsockname()[1]}/any"
        ended.set()


async def test_a_locked_table_is_busy_for_queries_that_wait_for_it_or_for_a_connection(
    projected: str,
) -> None:
    with psycopg.connect(projected) as locking:
        locking.execute("lock table members in access exclusive mode")
        assert await codes(projected, 20) == {"busy"}
        locking.rollback()
        assert await codes(projected) == {"answered"}


async def test_a_statement_that_takes_longer_than_the_server_allows_is_busy(projected: str) -> None:
    name = sql.Identifier(urlsplit(projected).path[1:])
    with psycopg.connect(projected, autocommit=True) as connection:
        connection.execute(sql.SQL("alter database {} set statement_timeout = '200ms'").format(name))
    with psycopg.connect(projected) as locking:
        locking.execute("lock table members in access exclusive mode")
        assert await codes(projected, 4) == {"busy"}


async def test_tables_that_are_not_there_are_neither(database_url: str) -> None:
    assert await codes(database_url) == {"unavailable"}


async def test_reads_that_time_out_return_their_connections(projected: str) -> None:
    """psycopg's pool loses a connection whose return is cancelled, but still counts it."""
    async with queries.open_queries(projected, 2) as opened:
        assert set(await asyncio.gather(*(_code(opened) for _ in range(4)))) == {"answered"}
        with psycopg.connect(projected) as locking:
            locking.execute("lock table members in access exclusive mode")
            reads = [asyncio.create_task(_code(opened)) for _ in range(2)]
            await _wait_for_locks(projected, 2)
            async with (
                opened._database._pool._lock
            ):  # as when many wait for it: connections cannot be returned yet
                locking.rollback()
                await asyncio.wait(reads, timeout=opened._database._timeout + 1.0)
        await asyncio.gather(*reads)
        assert set(await asyncio.gather(*(_code(opened) for _ in range(4)))) == {"answered"}


async def _wait_for_locks(database_url: str, count: int) -> None:
    """Wait until so many sessions wait for a lock."""
    query = (
        "select count(*) from pg_stat_activity "
        "where datname = current_database() and wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(30), await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.set_autocommit(True)
        while (await (await connection.execute(query)).fetchone()) != (count,):
            await asyncio.sleep(0.01)


async def test_a_pool_of_broken_connections_answers_the_first_read(projected: str) -> None:
    async with queries.open_queries(projected, 4) as opened:
        assert set(await asyncio.gather(*(_code(opened) for _ in range(8)))) == {"answered"}
        with psycopg.connect(projected, autocommit=True) as admin:
            admin.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        assert await _code(opened) == "answered"


async def test_a_read_beyond_the_end_of_the_pool_is_unavailable(projected: str) -> None:
    async with queries.open_queries(projected, 2) as opened:
        pass
    async with asyncio.timeout(30):
        assert await _code(opened) == "unavailable"
