"""The projector's store in PostgreSQL: one connection, one statement a batch.

After Unavailable a commit may or may not have been written: `owned` returns the progress that counts.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import fields
from typing import Any, NamedTuple

import orjson
import psycopg
from psycopg import AsyncConnection
from psycopg.rows import namedtuple_row

from message_store.domain.conversation import Conversation, Member
from message_store.domain.fold import FoldResult
from message_store.domain.rows import JournalRecord
from message_store.domain.state import ExistingMessages, MessageFacts, MessageKey
from message_store.read_models.journal import result_from_row
from message_store.read_models.write_set import WriteSet
from message_store.storage import sessions, write_sql
from message_store.storage.port import (
    OwnershipLost,
    PartitionProgress,
    Unavailable,
    WrongLog,
)
from shared.log.log_epoch import LogIdentity

# Errors that a record causes (SQLSTATE, PostgreSQL's appendix A): its data (22), a constraint (23), a row or
# an index entry that is too large. All others are about the server, the database or this code: retried.
_TOO_LARGE = "54000"


def is_poison(error: psycopg.Error) -> bool:
    """Return whether the record causes the error, so that writing it again would fail again."""
    return isinstance(error, psycopg.DataError | psycopg.IntegrityError) or error.sqlstate == _TOO_LARGE


class PostgresStore:
    def __init__(self, database_url: str, *, timeout: float = 10.0) -> None:
        """`timeout` in seconds bounds each call."""
        self.owner = str(uuid.uuid4())
        self._url = database_url
        self._timeout = timeout
        self._connection: AsyncConnection[Any] | None = None
        self._lock = asyncio.Lock()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                await connection.close()

    async def claim(self, log: LogIdentity, partitions: Sequence[int]) -> dict[int, PartitionProgress]:
        async with self._connected() as connection:
            identity = {"epoch": log.epoch, "partitions": log.partitions}
            foreign = await (await connection.execute(write_sql.FOREIGN_LOG, identity)).fetchone()
            if foreign is not None:
                raise WrongLog(
                    f"the database was projected from log {foreign.epoch} with {foreign.partitions} "
                    f"partitions, but this is log {log.epoch} with {log.partitions}: check KAFKA_BOOTSTRAP, "
                    "TOPIC_PREFIX and DATABASE_URL, or give this log a database of its own"
                )
            parameters = identity | {"owner": self.owner, "claimed": sorted(partitions)}
            rows = await connection.execute(write_sql.CLAIM, parameters)
            return {row.partition: PartitionProgress(**row._asdict()) async for row in rows}

    async def owned(self, partitions: Sequence[int]) -> dict[int, PartitionProgress]:
        async with self._connected() as connection:
            rows = await connection.execute(write_sql.OWNED, (list(partitions), self.owner))
            return {row.partition: PartitionProgress(**row._asdict()) async for row in rows}

    async def conversations(self, ids: Sequence[str]) -> dict[str, Conversation]:
        async with self._connected() as connection:
            rows = await connection.execute(write_sql.STATES, (list(ids),))
            return {row.id: _conversation(row) async for row in rows}

    async def commit(self, write_set: WriteSet) -> ExistingMessages:
        async with self._connected() as connection:
            rows = await connection.execute(write_sql.COMMIT, _parameters(write_set) | {"owner": self.owner})
            row = (await rows.fetchall())[0]
        if not row.is_held:
            raise OwnershipLost
        return {
            MessageKey(conversation_id, message_id): MessageFacts(sent_offset)
            for conversation_id, message_id, sent_offset in row.existing or ()
        }

    async def unpublished(self, partition: int, start: int, limit: int) -> list[FoldResult]:
        async with self._connected() as connection:
            rows = await connection.execute(write_sql.UNPUBLISHED, (partition, start, limit))
            return [result_from_row(JournalRecord(**row._asdict())) async for row in rows]

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection[Any]]:
        """Lend the connection to one call at a time. After any error it is discarded, so that no half-done
        transaction outlives it."""
        async with self._lock:
            try:
                async with asyncio.timeout(self._timeout):
                    if self._connection is None:
                        self._connection = await AsyncConnection.connect(
                            self._url, autocommit=True, row_factory=namedtuple_row, **sessions.CONNECT
                        )
                        await sessions.apply(self._connection, sessions.WRITING)
                    yield self._connection
            except TimeoutError as error:
                await self._discard()
                raise Unavailable("the database did not answer in time") from error
            except psycopg.Error as error:
                await self._discard()
                if is_poison(error):
                    raise
                raise Unavailable(str(error)) from error
            except BaseException:
                await self._discard()
                raise

    async def _discard(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error, TimeoutError):
                async with asyncio.timeout(1.0):
                    await connection.close()


def _parameters(write_set: WriteSet) -> dict[str, str]:
    """Return the rows of each table by column name, as JSON."""
    return {table.name: _json(getattr(write_set, table.name).values()) for table in fields(write_set)}


def _json(rows: Iterable[NamedTuple]) -> str:
    return orjson.dumps([row._asdict() for row in rows]).decode()


def _conversation(row: Any) -> Conversation:
    """`row` of STATES."""
    members = {user: Member(*own) for user, own in zip(row.users or (), row.intervals or (), strict=True)}
    return Conversation(
        id=row.id,
        kind=row.kind,
        title=row.title,
        history_visibility=row.history_visibility,
        started_offset=row.started_offset,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
        last_seq=row.last_seq,
        members=members,
    )
