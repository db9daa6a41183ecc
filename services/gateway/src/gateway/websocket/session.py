"""One client's WebSocket, from its upgrade to its end.

authenticate → announce → when every partition's owner has acknowledged: `hello` → what was missed → `synced`
→ live, until something was left out: then what was missed again.
Nothing that the client sent is handled before `hello`. While it is live and silent there is nothing of it
but the wait for its end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from pydantic import BaseModel
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.auth import authentication
from gateway.auth.origins import foreign
from gateway.components import Door
from gateway.store.client import StoreUnavailable
from gateway.websocket import close_codes
from gateway.websocket.catch_up import Unusable, verdict
from gateway.websocket.connection import Socket
from gateway.websocket.frame_handler import Inbox
from gateway.websocket.frame_receiver import Hearing
from gateway.websocket.send_buffer import Close, Outbox
from shared.contract import cursor
from shared.contract.cursor import InvalidCursor
from shared.contract.frames import CursorFrame, ErrorFrame, HelloFrame, ResetFrame, SyncedFrame
from shared.http.query_string import QueryString
from shared.http.websocket_connection import RawConnection, raw_connection
from shared.internal.store_api import ProjectionOffsets
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_ANSWERED_WITHIN = 5.0
_ASK_AGAIN = 1.0


async def attend(door: Door, websocket: WebSocket) -> None:
    """The whole life of one socket."""
    if not door.origins.allow(websocket.headers):
        await websocket.send_denial_response(foreign().response())
        return
    fields = QueryString.parse(websocket.scope["query_string"]).values
    user = authentication.of_socket(websocket.headers, fields.get("token", []))
    refusal = await _refusal(door, user)
    await websocket.accept()
    if user is None or refusal is not None:
        await _close(websocket, refusal or Close(close_codes.UNAUTHENTICATED))
        return
    wire = raw_connection(websocket)
    outbox = Outbox(wire, door.settings.outbox_frames, door.settings.outbox_bytes)
    socket = Socket(user, outbox, door.offset_tracker)
    session = Session(door, wire, socket, fields.get("cursor", []))
    del websocket, fields  # with all its headers, for hours
    with door.sockets.entered(socket):
        await session.run()


async def _refusal(door: Door, user: str | None) -> Close | None:
    """None once the client may come in. Until then its upgrade waits: that is cheap for both."""
    if user is None:
        return Close(close_codes.UNAUTHENTICATED, f"connect with ?token={authentication.GOOD_TOKEN}")
    return _shut(door) or await door.admission.turn(user) or _shut(door)


def _shut(door: Door) -> Close | None:
    if door.sockets.draining:
        return close_codes.closing(close_codes.RESTARTING)
    return door.admission.put_off() if door.sockets.full else None


class Session:
    def __init__(self, door: Door, wire: RawConnection, socket: Socket, cursors: list[str]) -> None:
        self._door = door
        self._socket = socket
        self._cursors = cursors
        self._inbox = Inbox(socket, door.sending, door.membership, door.reads)
        self._hearing = Hearing(wire, socket, self._inbox, door.settings.max_frame)
        self._fault: BaseModel | None = None
        self._task: asyncio.Task[None] | None = None
        """What is to be shown before the socket is live; none while it is."""
        self._beat: asyncio.TimerHandle | None = None
        self._gone = wire.start(self._hearing.hear, socket.outbox.flow, socket.unresponsive)

    async def run(self) -> None:
        """Until the client is gone."""
        self._begin(self._come)
        self._socket.fell_behind = self._fell_behind
        try:
            await self._gone
        finally:
            self._door.reads.hurry(self._socket.user)
            await self._end()

    def _begin(self, work: Callable[[], Awaitable[None]]) -> None:
        self._task = asyncio.create_task(self._guarded(work))

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:
            log.exception("socket.failed")
            self._socket.close(close_codes.closing(close_codes.RESTARTING))
        self._task = None

    async def _come(self) -> None:
        """From the announcement over `hello` and what was missed to `synced`."""
        if not await self._registered():
            self._socket.close(close_codes.closing(close_codes.RESTARTING))
            return
        failpoint("session.registered")
        await self._greet()
        failpoint("session.greeted")
        self._hearing.open()
        self._beat_later()
        await self._catch_up()
        failpoint("session.caught_up")
        self._socket.put(SyncedFrame(cursor=self._socket.cursor()))
        await self._find_place()
        await self._return()

    async def _return(self) -> None:
        """As long as something was left out."""
        while self._socket.behind:
            await self._catch_up()
            self._say_cursor()
            await self._find_place()

    def _fell_behind(self) -> None:
        if self._task is None:
            self._begin(self._return)

    async def _registered(self) -> bool:
        """Whether every partition's owner knows of the user."""
        try:
            async with asyncio.timeout(self._door.settings.registered_within):
                await self._door.links.wait_until_active(self._socket.user)
        except TimeoutError:
            log.warning("socket.not_registered")
            return False
        self._socket.registered = True
        self._socket.mark()
        return True

    async def _present(self) -> ProjectionOffsets | None:
        """None while the store is away."""
        try:
            return await self._door.present.progress()
        except StoreUnavailable:
            return None

    async def _greet(self) -> None:
        came_with, self._fault = self._resumable()
        if came_with is None:
            await self._begin_now()
        else:
            self._socket.begin(came_with)
            self._socket.fall_behind()
        heartbeat, at = self._door.settings.heartbeat_seconds, self._socket.cursor()
        self._socket.put(HelloFrame(user_id=self._socket.user, cursor=at, heartbeat_seconds=heartbeat))
        self._socket.greeted = True

    async def _begin_now(self) -> None:
        """All that the store has is history."""
        present = await self._present()
        self._socket.begin(present)
        if present is not None and self._socket.is_beyond(present):
            self._socket.fall_behind()

    async def _catch_up(self) -> None:
        while self._socket.behind:
            try:
                await self._door.catch_up.show(self._socket)
            except Unusable as unusable:
                self._fault = ResetFrame(reason=str(unusable))
                await self._begin_now()
        if self._fault is not None:
            self._socket.put(self._fault)
            self._fault = None
        self._socket.release()

    def _resumable(self) -> tuple[ProjectionOffsets | None, BaseModel | None]:
        """The place to go on from; or why the cursor that the client came with is of no use."""
        if not self._cursors or self._cursors == [""]:
            return None, None
        try:
            came_with = cursor.decode(_single(self._cursors) or "")
        except InvalidCursor as error:
            return None, ErrorFrame(code="cursor_invalid", message=f"the cursor {error}; fetch anew")
        fault = verdict(came_with, self._socket.user, self._door.events)
        return (ProjectionOffsets(came_with.epoch, came_with.offsets) if fault is None else None), fault

    def _beat_later(self) -> None:
        """Says at least every heartbeat what was covered; null as long as that is not known."""
        pause = self._door.settings.heartbeat_seconds * 0.8
        self._beat = asyncio.get_running_loop().call_later(pause, self._say_and_beat)

    def _say_and_beat(self) -> None:
        self._say_cursor()
        self._beat_later()

    async def _find_place(self) -> None:
        """Once the store is back, if it was away. What it has is told a moment later: until then a place
        that covers it would say too much."""
        while self._socket.cursor() is None:
            self._socket.mark()
            present = await self._present()
            await asyncio.sleep(_ASK_AGAIN)
            if present is not None and not self._socket.is_beyond(present):
                self._socket.place(present)
                self._say_cursor()

    def _say_cursor(self) -> None:
        self._socket.put(CursorFrame(cursor=self._socket.cursor()))

    async def _end(self) -> None:
        with suppress(TimeoutError):  # what the client said before it left still counts
            async with asyncio.timeout(_ANSWERED_WITHIN):
                await self._inbox.emptied()
        if self._beat is not None:
            self._beat.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._socket.drop()  # what was held back, and who holds whom: the collector comes by rarely
        self._socket.fell_behind = self._inbox.roomy = _nothing


async def _close(websocket: WebSocket, close: Close) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        await websocket.close(close.code, close.reason)


def _nothing() -> None:
    """Nobody is there any more."""


def _single(values: list[str]) -> str | None:
    return values[0] if len(values) == 1 else None
