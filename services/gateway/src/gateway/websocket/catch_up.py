"""What a socket missed: read from the store page by page, and shown before anything live.

Live entries that arrive meanwhile are held back, but only from the start of the current page's read: what
came before stands in this page or in a later one. So a long absence needs no memory, however long.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from pydantic import BaseModel

from gateway import metrics
from gateway.api.responses import ensure_within_log
from gateway.commands.event_producer import EventProducer
from gateway.store.client import Answer, Progress, StorePort, Unavailable, Until
from gateway.websocket.connection import ClientConnection
from shared.contract import cursor
from shared.contract.cursor import Cursor
from shared.contract.frames import CursorFrame, ResetFrame, ResetReason
from shared.http.problems import Problem
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_PAGE_LIMIT = 100
MAX_CONCURRENT = 8  # sockets that read a page at the same time: a storm of them leaves the store to others
_RETRY_INTERVAL_SECONDS = 0.5
_MAX_RETRY_INTERVAL_SECONDS = 2.0


@dataclass(frozen=True)
class Page:
    entries: list[dict[str, Any]]
    cursor: str
    more: bool


class CursorRejected(Exception):
    """The cursor cannot be honoured: the client must read anew."""

    def __init__(self, reason: ResetReason) -> None:
        super().__init__(reason)


class CatchUp:
    def __init__(self, store: StorePort, events: EventProducer) -> None:
        self._store = store
        self._events = events
        self._concurrency = asyncio.Semaphore(MAX_CONCURRENT)
        self._store_is_away = False
        """For the store; told once."""

    async def replay_missed(self, socket: ClientConnection) -> None:
        """Everything after the socket's cursor, until it is closed; live entries stay held back. Waits for a
        store that is away. Raises Unusable."""
        socket.needs_resync = False
        more = True
        while more:
            socket.discard_live()
            await socket.send_buffer.wait_for_capacity()
            if socket.send_buffer.closed:
                return
            page = await self._read_page(socket)
            place = _send_page(socket, page)
            more = page.more or socket.store_is_stale(place)
            if more and not page.more:
                socket.discard_live()
                await asyncio.sleep(_RETRY_INTERVAL_SECONDS)

    async def _read_page(self, socket: ClientConnection) -> Page:
        at = socket.cursor()
        if at is None:
            raise CursorRejected("unknown")
        asked_end, pause = False, _RETRY_INTERVAL_SECONDS / 2
        while True:
            try:
                answer = await self._query_store(socket, at)
                if answer.ok:
                    body = orjson.loads(answer.body)
                    return Page(body["entries"], body["cursor"], body["hasMore"])
                if not answer.behind:
                    raise CursorRejected("cursor_unusable")
                if not asked_end:
                    await ensure_within_log(cursor.decode(at), self._events)
                    asked_end = True
            except Problem as problem:
                if problem.code == "cursor_unusable":
                    raise CursorRejected("beyond_the_log") from None
            except Unavailable:
                # longer and longer: one whose page alone cannot be read takes its turn from others seldom
                await asyncio.sleep(pause)
                pause = min(2 * pause, _MAX_RETRY_INTERVAL_SECONDS)
                continue
            socket.discard_live()
            await asyncio.sleep(_RETRY_INTERVAL_SECONDS)

    async def _query_store(self, socket: ClientConnection, at: str) -> Answer:
        """In turn. While the store is away the turn is kept for a moment: nobody else would be
        answered either, and thousands that ask again and again are a burden to both. Raises Unavailable."""
        async with self._concurrency:
            socket.buffer_live()
            try:
                with metrics.catching_up.track_inprogress():
                    page = await self._store.sync(socket.user, at, limit=_PAGE_LIMIT, until=Until(None, 0.0))
                self._store_is_away = False
                return page
            except Unavailable as error:
                socket.discard_live()
                if not self._store_is_away:
                    log.warning("catch_up.waiting", reason=str(error))
                self._store_is_away = True
                await asyncio.sleep(_RETRY_INTERVAL_SECONDS)
                raise


def _send_page(socket: ClientConnection, page: Page) -> Progress:
    """All in one go, so that the socket's cursor covers what was put at any moment. There is room: a page is
    bounded, too, and half an outbox holds it (settings). Returns the place reached."""
    for entry in page.entries:
        socket.put_json(orjson.dumps(entry))
    reached = cursor.decode(page.cursor)
    place = Progress(reached.epoch, reached.offsets)
    socket.set_start(place)
    failpoint("session.page")
    if page.more:
        socket.put(CursorFrame(cursor=page.cursor))
    return place


def validate_cursor(came_with: Cursor, user: str, events: EventProducer) -> BaseModel | None:
    """Why the cursor is of no use; None when it may be: the store has the last word."""
    if not came_with.belongs_to(user):
        return ResetFrame(reason="of_another_user")
    if events.identity is not None and came_with.epoch != events.identity.epoch:
        return ResetFrame(reason="of_another_log")
    return None
