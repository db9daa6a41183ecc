"""The projector's store in PostgreSQL: one connection, one statement a batch.

Whoever gets Unavailable does not know whether the last commit was done: it asks `owned` where things stand.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import fields
from typing import Any, NamedTuple

import orjson
import psycopg
from psycopg import AsyncConnection

from message_store.domain import Conversation, Member
from message_store.domain.fold import FoldResult
from message_store.read_models.journal import result_from_row
from message_store.read_models.rows import WriteSet
from message_store.storage import sessions, write_sql
from message_store.storage.port import (
    ExistingMessages,
    OwnershipLost,
    PartitionProgress,
    Unavailable,
    WrongLog,
)
from shared.log.log_epoch import LogIdentity

# What a record can be blamed for (SQLSTATE, PostgreSQL's appendix A): its data (22), a constraint (23), a row
# or an index entry that is too large. All else speaks of the server, the database or us, and is waited out.
_TOO_LARGE = "54000"


def poison(error: psycopg.Error) -> bool:
    """Is it the record, so that doing it again would fail again?"""
    return isinstance(error, psycopg.DataError | psycopg.IntegrityError) or error.sqlstate == _TOO_LARGE


class PostgresStore:
    def __init__(self, database_url: str, *, timeout: float = 10.0) -> None:
        """`timeout` in seconds bounds each call."""
        self.owner = str(uuid.uuid4())
        self._url = database_url
        self._timeout = timeout
        self._connection: AsyncConnection[tuple[Any, ...]] | None = None
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                await connection.close()

    async def claim(self, log: LogIdentity, partitions: Sequence[int]) -> dict[int, PartitionProgress]:
        async with self._connected() as connection:
            strangers = await connection.execute(write_sql.FOREIGN_LOG, (log.epoch, log.partitions))
            if (stranger := await strangers.fetchone()) is not None:
                raise WrongLog(
                    f"the database was projected from log {stranger[0]} with {stranger[1]} partitions, but "
                    f"this is log {log.epoch} with {log.partitions}: give this log a database of its own"
                )
            named = {"partitions": log.partitions, "epoch": log.epoch, "owner": self.owner}
            rows = await connection.execute(write_sql.CLAIM, named | {"claimed": sorted(partitions)})
            return {row[0]: PartitionProgress(*row) async for row in rows}

    async def owned(self, partitions: Sequence[int]) -> dict[int, PartitionProgress]:
        async with self._connected() as connection:
            rows = await connection.execute(write_sql.OWNED, (list(partitions), self.owner))
            return {row[0]: PartitionProgress(*row) async for row in rows}

    async def conversations(self, ids: Sequence[str]) -> dict[str, Conversation]:
        async with self._connected() as connection:
            rows = await connection.execute(write_sql.STATES, (list(ids),))
            return {row[0]: _conversation(row) async for row in rows}

    async def commit(self, changes: WriteSet) -> ExistingMessages:
        async with self._connected() as connection:
            rows = await connection.execute(write_sql.COMMIT, _written(changes) | {"owner": self.owner})
            ours, sent_before = (await rows.fetchall())[0]
        if not ours:
            raise OwnershipLost
        known: ExistingMessages = {}
        for conversation_id, message_id, offset in sent_before or ():
            known.setdefault(conversation_id, {})[message_id] = offset
        return known

    async def unpublished(self, partition: int, start: int, limit: int) -> list[FoldResult]:
        async with self._connected() as connection:
            rows = await connection.execute(write_sql.UNPUBLISHED, (partition, start, limit))
            return [result_from_row(row) async for row in rows]

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection[tuple[Any, ...]]]:
        """The connection, for one call at a time. After any error it is given up, so that no half-done
        transaction outlives it."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout):
                    if self._connection is None:
                        self._connection = await AsyncConnection.connect(
                            self._url, autocommit=True, **sessions.CONNECT
                        )
                        await sessions.apply(self._connection, sessions.WRITING)
                    yield self._connection
            except TimeoutError as error:
                await self._give_up()
                raise Unavailable("the database did not answer in time") from error
            except psycopg.Error as error:
                await self._give_up()
                if poison(error):
                    raise
                raise Unavailable(str(error)) from error
            except BaseException:
                await self._give_up()
                raise

    async def _give_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error, TimeoutError):
                async with asyncio.timeout(1.0):
                    await connection.close()


def _written(changes: WriteSet) -> dict[str, str]:
    """Of every table its rows by column name, as JSON."""
    return {table.name: _json(getattr(changes, table.name)) for table in fields(changes)}


def _json(rows: Sequence[NamedTuple]) -> str:
    return orjson.dumps([row._asdict() for row in rows]).decode()


def _conversation(row: tuple[Any, ...]) -> Conversation:
    identity, kind, title, visibility, started, created, updated, version, last_seq, users, intervals = row
    members = {user: Member(*own) for user, own in zip(users or (), intervals or (), strict=True)}
    return Conversation(
        identity, kind, title, visibility, started, created, updated, version, last_seq, members
    )
