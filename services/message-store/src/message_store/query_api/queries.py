"""One method a call. Each answer is one snapshot of the database, and its cursor is true at that snapshot."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson

from message_store.query_api import read_sql, views
from message_store.query_api.database import Database, open_database
from message_store.query_api.metrics import measured
from message_store.query_api.progress_waiter import raise_behind
from message_store.query_api.sync_frames import encode_frame
from message_store.query_api.views import Reader, Row
from message_store.storage import sessions
from shared.contract import cursor
from shared.contract.fields import MAX_SEQ
from shared.contract.page_fit import fit_conversations_page, fit_history_page
from shared.contract.position import Position, next_offset
from shared.http.problems import Problem, not_found
from shared.internal.store_api import (
    HistoryBound,
    MembershipAnswer,
    OutcomeAnswer,
    ProjectionOffsets,
    RevocationsPage,
    SyncPage,
    fit_frames,
)

MAX_REVOCATIONS = 1_000
"""Users on one page of revocations."""


class Queries:
    """Every method raises Problem as `Database.rows` does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    @measured
    async def revocations(self, since: str, after: str | None) -> RevocationsPage:
        """The latest revocation of each user who has one since then, by user id, from beyond `after`."""
        params = {"since": since, "after": after or "", "limit": MAX_REVOCATIONS + 1}
        rows = await self._rows(read_sql.REVOCATIONS, params)
        page = {row.user_id: row.revoked_at for row in rows[:MAX_REVOCATIONS]}
        return RevocationsPage(page, has_more=len(rows) > len(page))

    @measured
    async def progress(self) -> ProjectionOffsets:
        (row,) = await self._rows(read_sql.PROGRESS, {})
        return _projection(row)

    @measured
    async def membership(self, user: str, conversation: str) -> MembershipAnswer:
        """Whether the user is a member now."""
        (row,) = await self._rows(read_sql.MEMBERSHIP, {"user": user, "conversation": conversation})
        return MembershipAnswer(row.is_member, _projection(row))

    @measured
    async def conversation(self, user: str, conversation: str) -> dict[str, Any]:
        """Raises Problem(not_found)."""
        rows = await self._rows(read_sql.CONVERSATION, {"user": user, "conversation": conversation})
        if not rows:
            not_found()
        return views.conversation(rows[0], user)

    @measured
    async def conversations(self, user: str, limit: int, page: str | None) -> dict[str, Any]:
        before, before_id = views.parse_page_token(page) if page is not None else (None, None)
        params = {"user": user, "limit": limit + 1, "before": before, "before_id": before_id}
        rows = await self._rows(read_sql.CONVERSATIONS, params)
        projection = _projection(rows[0])
        listed = [row for row in rows if row.id is not None]
        items = fit_conversations_page([views.conversation(row, user) for row in listed[:limit]])
        has_more = len(listed) > len(items)
        return {
            "items": items,
            "nextPage": views.next_page(items[-1]) if has_more else None,
            "cursor": _cursor(projection, user),
        }

    @measured
    async def history(
        self, user: str, conversation: str, limit: int, bound: HistoryBound | None
    ) -> dict[str, Any]:
        """At most `limit` messages and MAX_PAGE_BYTES of them, nearest to the bound or the newest.
        Raises Problem(not_found)."""
        side, seq = bound if bound is not None else HistoryBound("before", MAX_SEQ)
        edge = seq + 1 if side == "after" else seq
        params = {
            "user": user,
            "conversation": conversation,
            "bound": edge,
            "older": 1 if side == "after" else limit + 1,
            "newer": 0 if bound is None else 1 if side == "before" else limit + 1,
        }
        first, *rows = await self._rows(read_sql.HISTORY, params)
        head = orjson.loads(first.id)
        projection = _offsets(head["epoch"], head["partitions"], head["offsets"])
        if head["read_seq"] is None:
            not_found()
        reader = Reader.of(user, head["read_seq"], head["member_count"], head["others_read_seq"])
        older = sum(row.seq < edge for row in rows)
        left, right = _window(side, older, len(rows) - older, limit)
        begin = older - left
        items = [views.message(row, conversation, reader) for row in rows[begin : older + right]]
        low, high = fit_history_page(items, left)
        has_older, has_newer = begin + low > 0, begin + high < len(rows)
        has_more = {"before": has_older, "after": has_newer}.get(side, has_older or has_newer)
        return {
            "items": items[low:high],
            "hasMore": has_more,
            "hasOlder": has_older,
            "hasNewer": has_newer,
            "cursor": _cursor(projection, user),
        }

    @measured
    async def sync(self, user: str, since: Sequence[int] | None, limit: int) -> SyncPage:
        """The frames that a socket of `user` would have received after `since`, by partition and offset, at
        most `limit` and MAX_SYNC_PAGE_BYTES of them. `since`: per partition the next offset; None: no frames.
        Raises Problem(projection_behind): the read models may have been further and are rebuilt."""
        if since is None:
            return SyncPage([], _cursor(await self.progress(), user), has_more=False)
        params = {"user": user, "offsets": list(since), "limit": limit + 1}
        rows = await self._rows(read_sql.SYNC, params)
        projection = _projection(rows[0])
        if projection.is_behind(dict(enumerate(since))):
            raise_behind()
        missed = [row for row in rows if row.partition is not None]
        frames = fit_frames(encode_frame(row, user) for row in missed[:limit])
        has_more = len(missed) > len(frames)
        reached: Sequence[int] = projection.offsets
        if has_more:
            reached = _reached(projection.offsets, since, missed[len(frames) - 1])
        return SyncPage(frames, cursor.encode(projection.epoch, user, reached), has_more)

    @measured
    async def outcome(self, user: str, position: Position) -> OutcomeAnswer:
        """The outcome of an event of `user`. Raises Problem(not_found) if it is another's."""
        params = {"user": user, "partition": position.partition, "offset": position.offset}
        rows = await self._rows(read_sql.OUTCOME, params)
        if not rows:
            raise Problem("not_found", "no event of yours stands at this position")
        (row,) = rows
        if row.id is None:
            return OutcomeAnswer(row.outcome, row.reason)
        return OutcomeAnswer(
            row.outcome, row.reason, views.message(row, row.conversation_id, Reader.of_row(user, row))
        )


def _window(side: str, older: int, newer: int, limit: int) -> tuple[int, int]:
    """How many of the rows on each side of the bound are on the page."""
    if side == "before":
        return min(older, limit), 0
    if side == "after":
        return 0, min(newer, limit)
    right = min(newer, limit - min(older, limit // 2))
    return min(older, limit - right), right


def _reached(projected: Sequence[int], since: Sequence[int], last: Row) -> list[int]:
    """Partitions below that of the last row are done, those above it are not begun."""
    return [*projected[: last.partition], next_offset(last.offset), *since[last.partition + 1 :]]


def _projection(row: Row) -> ProjectionOffsets:
    """From the columns of PROGRESS."""
    return _offsets(row.epoch, row.partitions, row.offsets)


def _offsets(epoch: str | None, partitions: int, offset_by_partition: str) -> ProjectionOffsets:
    if epoch is None:
        raise Problem("unavailable", "the projection has not begun; try again")
    offsets = [0] * partitions
    for pair in offset_by_partition.split(" "):
        partition, _, offset = pair.partition(":")
        offsets[int(partition)] = int(offset)
    return ProjectionOffsets(epoch, tuple(offsets))


def _cursor(projection: ProjectionOffsets, user: str) -> str:
    return cursor.encode(projection.epoch, user, projection.offsets)


@asynccontextmanager
async def open_queries(database_url: str, connections: int) -> AsyncIterator[Queries]:
    """Returns at once, even if the database is away."""
    async with open_database(
        database_url, sessions.READING, name="queries", connections=connections
    ) as database:
        yield Queries(database)
