"""What a socket missed: read from the store page by page, and shown before anything live.

Live entries that arrive meanwhile are held back, but only from the start of the current page's read: what
came before stands in this page or in a later one. So a long absence needs no memory, however long.
"""

import asyncio

import structlog
from pydantic import BaseModel

from gateway import metrics
from gateway.api.responses import require_reached
from gateway.commands.event_producer import EventLog
from gateway.store.client import StorePort, StoreResponse, StoreUnavailable, WaitFor
from gateway.websocket.connection import Socket
from shared.contract import cursor
from shared.contract.cursor import Cursor
from shared.contract.frames import CursorFrame, ResetFrame, ResetReason
from shared.http.problems import Problem
from shared.internal.store_api import ProjectionOffsets, SyncPage
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_PAGE = 100
AT_ONCE = 8  # sockets that read a page at the same time: a storm of them leaves the store to others
_ASK_AGAIN = 0.5
_LONGEST_PAUSE = 2.0


class Unusable(Exception):
    """The cursor cannot be honoured: the client must read anew."""

    def __init__(self, reason: ResetReason) -> None:
        super().__init__(reason)


class CatchUp:
    def __init__(self, store: StorePort, events: EventLog) -> None:
        self._store = store
        self._events = events
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = False
        """For the store; told once."""

    async def show(self, socket: Socket) -> None:
        """Everything after the socket's cursor, until it is closed; live entries stay held back. Waits for a
        store that is away. Raises Unusable."""
        socket.behind = False
        more = True
        while more:
            socket.drop()
            await socket.outbox.room()
            if socket.outbox.closed:
                return
            page = await self._page(socket)
            place = _put(socket, page)
            more = page.has_more or socket.is_beyond(place)
            if more and not page.has_more:
                socket.drop()
                await asyncio.sleep(_ASK_AGAIN)

    async def _page(self, socket: Socket) -> SyncPage:
        at = socket.cursor()
        if at is None:
            raise Unusable("unknown")
        asked_end, pause = False, _ASK_AGAIN / 2
        while True:
            try:
                answer = await self._ask(socket, at)
                if answer.ok:
                    return SyncPage.decode(answer.body)
                if not answer.is_behind:
                    raise Unusable("cursor_unusable")
                if not asked_end:
                    await require_reached(cursor.decode(at), self._events)
                    asked_end = True
            except Problem as problem:
                if problem.code == "cursor_unusable":
                    raise Unusable("beyond_the_log") from None
            except StoreUnavailable:
                # longer and longer: one whose page alone cannot be read takes its turn from others seldom
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            socket.drop()
            await asyncio.sleep(_ASK_AGAIN)

    async def _ask(self, socket: Socket, at: str) -> StoreResponse:
        """In turn. While the store is away the turn is kept for a moment: nobody else would be
        answered either, and thousands that ask again and again are a burden to both. Raises
        StoreUnavailable."""
        async with self._turns:
            socket.hold()
            try:
                with metrics.catching_up.track_inprogress():
                    page = await self._store.sync(socket.user, at, limit=_PAGE, wait_for=WaitFor(None, 0.0))
                self._waiting = False
                return page
            except StoreUnavailable as error:
                socket.drop()
                if not self._waiting:
                    log.warning("catch_up.waiting", reason=str(error))
                self._waiting = True
                await asyncio.sleep(_ASK_AGAIN)
                raise


def _put(socket: Socket, page: SyncPage) -> ProjectionOffsets:
    """All in one go, so that the socket's cursor covers what was put at any moment. There is room: a page is
    bounded, too, and half an outbox holds it (settings). Returns the place reached."""
    for frame in page.frames:
        socket.put_json(frame)
    reached = cursor.decode(page.cursor)
    place = ProjectionOffsets(reached.epoch, reached.offsets)
    socket.begin(place)
    failpoint("session.page")
    if page.has_more:
        socket.put(CursorFrame(cursor=page.cursor))
    return place


def verdict(came_with: Cursor, user: str, events: EventLog) -> BaseModel | None:
    """Why the cursor is of no use; None when it may be: the store has the last word."""
    if not came_with.belongs_to(user):
        return ResetFrame(reason="of_another_user")
    if events.identity is not None and came_with.epoch != events.identity.epoch:
        return ResetFrame(reason="of_another_log")
    return None
