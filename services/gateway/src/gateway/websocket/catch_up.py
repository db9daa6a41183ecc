"""Reads from the store, page by page, what a connection missed, and sends it before anything live.

Live entries that arrive meanwhile are buffered, but only from the start of the current page's read: earlier
ones are in this page or in a later one. So a long absence needs no memory, however long.
"""

import asyncio

import structlog

from gateway import metrics
from gateway.commands.event_producer import EventProducer
from gateway.commands.log_bounds import ensure_cursor_written
from gateway.limits.user_slots import UserSlots
from gateway.store.client import StorePort, StoreResponse, StoreUnavailable, WaitFor
from gateway.websocket.connection import ClientConnection
from shared.contract import cursor
from shared.contract.cursor import Cursor
from shared.contract.frames import CursorFrame, ResetReason
from shared.http.problems import Problem
from shared.internal.store_api import ProjectionOffsets, SyncPage
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_PAGE_LIMIT = 100
MAX_CONCURRENT = 8  # connections that read a page at the same time: a storm leaves the store to others
_RETRY_INTERVAL_SECONDS = 0.5
_MAX_RETRY_INTERVAL_SECONDS = 2.0


class CursorRejected(Exception):
    """The cursor cannot be resumed: the client must fetch everything again."""

    def __init__(self, reason: ResetReason) -> None:
        super().__init__(reason)
        self.reason = reason


class CatchUp:
    def __init__(
        self, store: StorePort, producer: EventProducer, user_slots: UserSlots | None = None
    ) -> None:
        """`user_slots`: the pages of one user that may be read at the same time; any number by default."""
        self._store = store
        self._producer = producer
        self._concurrency = asyncio.Semaphore(MAX_CONCURRENT)
        self._user_slots = user_slots or UserSlots(0)
        self._store_is_away = False
        """Logged once for all connections."""

    async def replay_missed(self, connection: ClientConnection) -> None:
        """Send everything after the connection's cursor; live entries stay buffered. Waits for a store that
        is away; returns early when the connection is closed. The connection still needs a resync when entries
        were lost meanwhile. Raises CursorRejected."""
        has_more = True
        while has_more:
            connection.discard_live()
            await connection.send_buffer.wait_for_capacity()
            if connection.send_buffer.closed:
                return
            page = await self._read_page(connection)
            reached = _send_page(connection, page)
            has_more = page.has_more or connection.store_is_stale(reached)
            if has_more and not page.has_more:
                connection.discard_live()
                await asyncio.sleep(_RETRY_INTERVAL_SECONDS)

    def rejection_reason(self, client_cursor: Cursor, user: str) -> ResetReason | None:
        """Why the cursor cannot be resumed; None when it may be: the store decides."""
        if not client_cursor.belongs_to(user):
            return "of_another_user"
        identity = self._producer.identity
        if identity is not None and client_cursor.epoch != identity.epoch:
            return "of_another_log"
        return None

    async def _read_page(self, connection: ClientConnection) -> SyncPage:
        after = connection.cursor()
        if after is None:
            raise CursorRejected("unknown")
        is_within_log, retry_interval = False, _RETRY_INTERVAL_SECONDS / 2
        while True:
            try:
                answer = await self._query_store(connection, after)
                if answer.ok:
                    return SyncPage.decode(answer.body)
                if not answer.is_behind:
                    raise CursorRejected("cursor_unusable")
                if not is_within_log:
                    await ensure_cursor_written(cursor.decode(after), self._producer)
                    is_within_log = True
            except Problem as problem:
                if problem.code == "cursor_unusable":
                    raise CursorRejected("beyond_the_log") from None
            except StoreUnavailable:
                # back off: a page that alone cannot be read must seldom take a slot from others
                await asyncio.sleep(retry_interval)
                retry_interval = min(2 * retry_interval, _MAX_RETRY_INTERVAL_SECONDS)
                continue
            connection.discard_live()
            await asyncio.sleep(_RETRY_INTERVAL_SECONDS)

    async def _query_store(self, connection: ClientConnection, after: str) -> StoreResponse:
        """Read one page within a slot. While the store is away the slot is held for a moment: no other
        connection would get an answer either, and thousands that retry are a burden to both. Raises
        StoreUnavailable."""
        async with self._user_slots.slot(connection.user), self._concurrency:
            connection.buffer_live()
            try:
                with metrics.catching_up.track_inprogress():
                    wait_for = WaitFor(None, 0.0)
                    answer = await self._store.sync(
                        connection.user, after, limit=_PAGE_LIMIT, wait_for=wait_for
                    )
                self._store_is_away = False
                return answer
            except StoreUnavailable as error:
                connection.discard_live()
                if not self._store_is_away:
                    log.warning("catch_up.waiting", reason=str(error))
                self._store_is_away = True
                await asyncio.sleep(_RETRY_INTERVAL_SECONDS)
                raise


def _send_page(connection: ClientConnection, page: SyncPage) -> ProjectionOffsets:
    """Put all entries without an await between, so that the cursor covers what was put at any moment. They
    fit: a page is bounded, and half a send buffer holds it (settings). Returns the offsets reached."""
    for frame in page.frames:
        connection.put_json(frame)
    client_cursor = cursor.decode(page.cursor)
    reached = ProjectionOffsets(client_cursor.epoch, client_cursor.offsets)
    connection.set_start(reached)
    failpoint("session.page")
    if page.has_more:
        connection.put(CursorFrame(cursor=page.cursor))
    return reached
