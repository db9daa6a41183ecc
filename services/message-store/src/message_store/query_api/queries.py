"""What clients may ask. Each answer is one snapshot, and its cursor is true at that snapshot."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString

import orjson
import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from message_store.query_api import read_sql, views
from message_store.query_api.progress_waiter import Vector, behind
from message_store.query_api.reachability import Reachability
from message_store.query_api.views import Row
from message_store.storage import sessions
from shared.contract import cursor
from shared.contract.entry_to_frame import fit_conversations_page, fit_history_page
from shared.contract.entry_to_frame import fit_page as page_of
from shared.contract.fields import MAX_SEQ
from shared.contract.position import Position, next_offset
from shared.http.problems import Problem, not_found

_STANDING = 3
"""Columns that say where things stand, the first of each row."""


_TIMED_OUT = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable)

_LOST = ("08", "57P")
"""How the SQLSTATE of a statement begins that took its connection with it."""

_SOON = 0.2
"""Seconds of waiting for a connection of the pool after which it is found out whether any can be made."""


class DatabaseAway(Exception):
    """No connection to PostgreSQL can be made."""


class Queries:
    """Every method raises Problem when the database does not answer: `database_away` when no connection to it
    can be made, `busy` when connections or statements take too long, else `unavailable`."""

    def __init__(
        self, pool: AsyncConnectionPool, reachability: Reachability, *, timeout: float = 2.0
    ) -> None:
        """`timeout` is less than gateways wait for an answer."""
        self._pool = pool
        self._reachability = reachability
        self._timeout = timeout

    async def progress(self) -> Vector:
        return _vector((await self._rows(read_sql.PROGRESS, {}))[0])

    async def membership(self, user: str, conversation: str) -> dict[str, Any]:
        """Whether the user is a member now, and where the projection is that says so."""
        row = (await self._rows(read_sql.MEMBERSHIP, {"user": user, "conversation": conversation}))[0]
        return {"member": row[_STANDING], **_vector(row).told()}

    async def conversation(self, user: str, conversation: str) -> dict[str, Any]:
        """Raises Problem(not_found)."""
        rows = await self._rows(read_sql.CONVERSATION, {"user": user, "conversation": conversation})
        if not rows:
            not_found()
        return views.conversation(user, rows[0])

    async def conversations(self, user: str, limit: int, page: str | None) -> dict[str, Any]:
        before, before_id = views.read_page_token(page) if page is not None else (None, None)
        asked = {"user": user, "limit": limit + 1, "before": before, "before_id": before_id}
        standing, rows = _standing(await self._rows(read_sql.CONVERSATIONS, asked))
        items = fit_conversations_page([views.conversation(user, row) for row in rows[:limit]])
        more = len(rows) > len(items)
        return {
            "items": items,
            "nextPage": views.next_page(items[-1]) if more else None,
            "cursor": _cursor(standing, user),
        }

    async def history(
        self, user: str, conversation: str, limit: int, bound: tuple[str, int] | None
    ) -> dict[str, Any]:
        """At most `limit` messages and LIST_BYTES of them, those nearest to the bound. `bound`: ("before" |
        "after" | "around", seq). Raises Problem(not_found)."""
        kind, seq = bound if bound is not None else ("before", MAX_SEQ)
        edge = seq + 1 if kind == "after" else seq
        older = 1 if kind == "after" else limit + 1
        newer = 1 if kind == "before" else limit + 1
        if bound is None:  # nothing is newer than the newest
            newer = 0
        asked = {"user": user, "conversation": conversation, "bound": edge, "older": older, "newer": newer}
        first, *rows = await self._rows(read_sql.HISTORY, asked)
        told = orjson.loads(first[0])
        standing, reader = _vector(told), told[_STANDING:]
        if reader[0] is None:
            not_found()
        older = sum(row[1] < edge for row in rows)
        left, right = _window(kind, older, len(rows) - older, limit)
        begin = older - left
        items = [views.message(conversation, user, reader, row) for row in rows[begin : older + right]]
        low, high = fit_history_page(items, left)
        has_older, has_newer = begin + low > 0, begin + high < len(rows)
        has_more = {"before": has_older, "after": has_newer}.get(kind, has_older or has_newer)
        return {
            "items": items[low:high],
            "hasMore": has_more,
            "hasOlder": has_older,
            "hasNewer": has_newer,
            "cursor": _cursor(standing, user),
        }

    async def sync(self, user: str, since: Sequence[int] | None, limit: int) -> dict[str, Any]:
        """What a socket of `user` would have been sent after `since` (per partition the next offset; None:
        just where things stand), by partition and offset, at most `limit` frames and PAGE_BYTES of them.
        Raises Problem(projection_behind): it may have been there, and be made anew."""
        if since is None:
            vector = await self.progress()
            return {"entries": [], "cursor": _cursor(vector, user), "hasMore": False}
        asked = {"user": user, "offsets": list(since), "limit": limit + 1}
        vector, rows = _standing(await self._rows(read_sql.SYNC, asked))
        if any(seen > at for seen, at in zip(since, vector.offsets, strict=True)):
            behind()
        shown = page_of(views.frame(user, vector.epoch, row) for row in rows[:limit])
        more = len(rows) > len(shown)
        offsets = _reached(vector.offsets, since, rows[len(shown) - 1]) if more else vector.offsets
        return {
            "entries": shown,
            "cursor": cursor.encode(vector.epoch, user, offsets),
            "hasMore": more,
        }

    async def outcome(self, user: str, position: Position) -> dict[str, Any]:
        """What became of an event of `user`'s. Raises Problem(not_found) when it is another's."""
        asked = {"user": user, "partition": position.partition, "offset": position.offset}
        rows = await self._rows(read_sql.OUTCOME, asked)
        if not rows:
            raise Problem("not_found", "no event of yours stands at this position")
        outcome, reason, conversation_id = rows[0][:3]
        read, row = rows[0][3:6], rows[0][6:]
        answer = {"outcome": outcome}
        if reason is not None:
            answer["reason"] = reason
        if row[0] is not None:
            answer["message"] = views.message(conversation_id, user, read, row)
        return answer

    async def _rows(self, statement: LiteralString, asked: dict[str, Any]) -> list[Row]:
        deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            while True:
                try:
                    return await self._read(statement, asked, deadline)
                except PoolTimeout:
                    raise
                except psycopg.OperationalError as error:
                    if not (error.sqlstate or _LOST[0]).startswith(_LOST):
                        raise
                    # After a restart of the database the pool may hold dead connections alone: each read
                    # replaces one.
                    await self._require_server()
        except DatabaseAway as error:
            raise Problem("database_away", "no connection to the database can be made") from error
        except (TimeoutError, PoolTimeout, *_TIMED_OUT) as error:
            raise Problem("busy", "the database does not answer in time") from error
        except psycopg.Error as error:
            raise Problem("unavailable", "the read models cannot be reached; try again") from error

    async def _read(self, statement: LiteralString, asked: dict[str, Any], deadline: float) -> list[Row]:
        """Cancel the statement at the deadline, but never the pool, which loses a connection whose return is
        cancelled and goes on counting it. No context manager: it would end a transaction, of which there is
        none."""
        connection = await self._connection(deadline)
        try:
            async with asyncio.timeout_at(deadline):
                return await (await connection.execute(statement, asked, prepare=True)).fetchall()
        finally:
            await self._pool.putconn(connection)

    async def _connection(self, deadline: float) -> AsyncConnection[Row]:
        """Raises DatabaseAway rather than wait for a connection that cannot be made, PoolTimeout at the
        deadline."""
        loop = asyncio.get_running_loop()
        try:
            return await self._pool.getconn(timeout=min(_SOON, deadline - loop.time()))
        except PoolTimeout:
            await self._require_server()
            return await self._pool.getconn(timeout=deadline - loop.time())

    async def _require_server(self) -> None:
        if await self._reachability.is_away():
            raise DatabaseAway


def _window(kind: str, older: int, newer: int, limit: int) -> tuple[int, int]:
    """How many of the rows on either side of the bound make the page."""
    if kind == "before":
        return min(older, limit), 0
    if kind == "after":
        return 0, min(newer, limit)
    right = min(newer, limit - min(older, limit // 2))
    return min(older, limit - right), right


def _reached(present: Sequence[int], since: Sequence[int], last: Row) -> list[int]:
    """Partitions below the last row's are done, those above it are not begun."""
    partition, offset = last[:2]
    return [*present[:partition], next_offset(offset), *since[partition + 1 :]]


def _vector(row: Row) -> Vector:
    epoch, partitions, begun = row[:_STANDING]
    if epoch is None:
        raise Problem("unavailable", "the projection has not begun; try again")
    offsets = [0] * partitions
    for each in begun.split(" "):
        partition, _, at = each.partition(":")
        offsets[int(partition)] = int(at)
    return Vector(epoch, tuple(offsets))


def _standing(rows: list[Row]) -> tuple[Vector, list[Row]]:
    """Where things stand, and what was found besides."""
    return _vector(rows[0]), [row[_STANDING:] for row in rows if row[_STANDING] is not None]


def _cursor(vector: Vector, user: str) -> str:
    return cursor.encode(vector.epoch, user, vector.offsets)


async def _prepare_session(connection: AsyncConnection[Any]) -> None:
    await sessions.apply(connection, sessions.READING)


@asynccontextmanager
async def opened(database_url: str, connections: int) -> AsyncIterator[Queries]:
    """Opens at once, whether or not the database is there yet."""
    pool = AsyncConnectionPool(
        database_url,
        kwargs={"autocommit": True, **sessions.CONNECT},
        configure=_prepare_session,
        min_size=2,
        max_size=connections,
        timeout=2.0,
        reconnect_timeout=1.0,  # then the next question tries; its own pauses grow to minutes
        open=False,
    )
    await pool.open(wait=False)
    try:
        yield Queries(pool, Reachability(database_url))
    finally:
        await pool.close(timeout=2.0)
