"""What a socket missed: read from the store page by page, and shown before anything live.

Live entries that arrive meanwhile are held back, but only from the start of the current page's read: what
came before stands in this page or in a later one. So a long absence needs no memory, however long.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel

from gateway.answers import require_reached
from gateway.event_log import EventLog
from gateway.socket import Socket
from gateway.store import Progress, StorePort, Unavailable, Until
from shared import cursor
from shared.cursor import Cursor
from shared.frames import CursorFrame, ResetFrame
from shared.problems import Problem

_PAGE = 100
_AT_ONCE = 8  # sockets that read a page at the same time: a storm of them leaves the store to others
_ASK_AGAIN = 1.0


@dataclass(frozen=True)
class Page:
    entries: list[dict[str, Any]]
    cursor: str
    more: bool


class Unusable(Exception):
    """The cursor cannot be honoured: the client must read anew."""


class CatchUp:
    def __init__(self, store: StorePort, events: EventLog) -> None:
        self._store = store
        self._events = events
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def show(self, socket: Socket, came_with: str) -> None:
        """Everything after the cursor; live entries stay held back. Waits for a store that is away. Raises
        Unusable."""
        at, more = came_with, True
        while more:
            await socket.outbox.room()
            async with self._turns:
                socket.hold()
                page = await self._page(socket.user, at)
            for entry in page.entries:
                socket.put_text(orjson.dumps(entry).decode())
            at, more = page.cursor, page.more
            if more:
                socket.put(CursorFrame(cursor=at))
        reached = cursor.decode(at)
        socket.begin(Progress(reached.epoch, reached.offsets))

    async def _page(self, user: str, at: str) -> Page:
        wait, asked_end = 0.0, False
        while True:
            try:
                answer = await self._store.sync(user, at, limit=_PAGE, until=Until(None, wait))
                if answer.ok:
                    body = orjson.loads(answer.body)
                    return Page(body["entries"], body["cursor"], body["hasMore"])
                if not answer.behind:
                    raise Unusable(answer.code)
                if not asked_end:
                    await require_reached(cursor.decode(at), self._events)
                wait, asked_end = 2.0, True
            except Problem as problem:
                if problem.code == "cursor_unusable":
                    raise Unusable("beyond_the_log") from None
                await asyncio.sleep(_ASK_AGAIN)
            except Unavailable:
                await asyncio.sleep(_ASK_AGAIN)


def verdict(came_with: Cursor, user: str, events: EventLog) -> BaseModel | None:
    """Why the cursor is of no use; None when it may be."""
    if not came_with.belongs_to(user):
        return ResetFrame(reason="of_another_user")
    if events.identity is None or came_with.epoch != events.identity.epoch:
        return ResetFrame(reason="of_another_log")
    return None
