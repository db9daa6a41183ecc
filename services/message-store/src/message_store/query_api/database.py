"""A pool of connections that runs one statement a call, within a deadline."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from message_store.query_api.metrics import observe_pool
from message_store.query_api.reachability import Reachability
from message_store.query_api.views import Row
from message_store.storage import sessions
from shared.http.problems import Problem

_QUERY_TIMEOUT = 2.0  # seconds; less than gateways wait for an answer
_TIMED_OUT = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable)
_CONNECTION_LOST = ("08", "57P")
"""Classes of SQLSTATE that end the connection with the statement."""
_CONNECTION_WAIT = 0.2
"""Seconds of waiting for a pooled connection after which the database is probed."""


class DatabaseAway(Exception):
    """No connection to PostgreSQL can be made."""


class Database:
    def __init__(
        self, pool: AsyncConnectionPool, reachability: Reachability, *, timeout: float = _QUERY_TIMEOUT
    ) -> None:
        """`timeout` in seconds bounds each call."""
        self._pool = pool
        self._reachability = reachability
        self._timeout = timeout

    async def rows(self, statement: LiteralString, params: dict[str, Any]) -> list[Row]:
        """Return the rows of one statement, repeated after a connection was lost. Raises Problem when the
        database does not answer: `database_away` when no connection to it can be made, `busy` when
        connections or statements take too long, else `unavailable`."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        lost = False
        try:
            while True:
                try:
                    return await self._read(statement, params, deadline)
                except (PoolClosed, PoolTimeout):
                    raise
                except psycopg.OperationalError as error:
                    if not (error.sqlstate or _CONNECTION_LOST[0]).startswith(_CONNECTION_LOST):
                        raise
                    # After a restart of the database the pool may hold dead connections alone: each read
                    # replaces one.
                    lost = True
                    await self._require_server()
        except DatabaseAway as error:
            raise Problem("database_away", "no connection to the database can be made") from error
        except (TimeoutError, PoolTimeout, *_TIMED_OUT) as error:
            raise (_unavailable() if lost else _busy()) from error
        except psycopg.Error as error:
            raise _unavailable() from error

    async def _read(self, statement: LiteralString, params: dict[str, Any], deadline: float) -> list[Row]:
        """Cancel the statement at the deadline, but never the pool, which loses a connection whose return is
        cancelled and goes on counting it. No context manager: it would end a transaction, of which there is
        none."""
        connection = await self._connection(deadline)
        try:
            async with asyncio.timeout_at(deadline):
                return await (await connection.execute(statement, params, prepare=True)).fetchall()
        finally:
            await self._pool.putconn(connection)

    async def _connection(self, deadline: float) -> AsyncConnection[Row]:
        """Raises DatabaseAway rather than wait for a connection that cannot be made, PoolTimeout at the
        deadline."""
        loop = asyncio.get_running_loop()
        try:
            return await self._pool.getconn(timeout=min(_CONNECTION_WAIT, deadline - loop.time()))
        except PoolTimeout:
            await self._require_server()
            return await self._pool.getconn(timeout=deadline - loop.time())

    async def _require_server(self) -> None:
        if await self._reachability.is_away():
            raise DatabaseAway


def _busy() -> Problem:
    return Problem("busy", "the database does not answer in time")


def _unavailable() -> Problem:
    return Problem("unavailable", "the read models cannot be reached; try again")


@asynccontextmanager
async def open_database(
    database_url: str, settings: sessions.Settings, *, name: str, connections: int
) -> AsyncIterator[Database]:
    """Open at most so many connections, each with these session settings. `name`: of the pool, in metrics.
    Returns at once, even if the database is away."""

    async def prepare(connection: AsyncConnection[Any]) -> None:
        await sessions.apply(connection, settings)

    pool = AsyncConnectionPool(
        database_url,
        kwargs={"autocommit": True, "row_factory": namedtuple_row, **sessions.CONNECT},
        configure=prepare,
        min_size=min(2, connections),
        max_size=connections,
        timeout=2.0,
        reconnect_timeout=1.0,  # then the next query tries; the pool's own pauses grow to minutes
        open=False,
    )
    observe_pool(name, pool)
    await pool.open(wait=False)
    try:
        yield Database(pool, Reachability(database_url))
    finally:
        await pool.close(timeout=2.0)
