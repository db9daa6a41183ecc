"""One client's WebSocket, from its upgrade to its end.

authenticate → announce → when every partition's owner has acknowledged: `hello` → what was missed → `synced`
→ live, until something was left out: then what was missed again.
Nothing that the client sent is handled before `hello`. The read loop only enqueues.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel

from gateway import callers, delays, inbound, metrics
from gateway.catch_up import Unusable, verdict
from gateway.door import Door
from gateway.inbox import Inbox
from gateway.outbox import Close, Outbox
from gateway.requests import Fields
from gateway.socket import Socket
from gateway.store import Progress, Unavailable
from shared import cursor
from shared.cursor import CursorInvalid
from shared.failpoints import failpoint
from shared.frames import CursorFrame, ErrorFrame, HelloFrame, ResetFrame, SyncedFrame
from shared.problems import Problem
from shared.serving import abort

log = structlog.get_logger()

_ANSWERED_WITHIN = 5.0
_ASK_AGAIN = 1.0


async def attend(door: Door, websocket: WebSocket) -> None:
    """The whole life of one socket."""
    if not door.origins.allow(websocket.headers.get("origin"), websocket.headers.get("host")):
        await websocket.send_denial_response(Problem("forbidden", "this origin is not allowed").response())
        return
    fields = Fields.parse(websocket.scope["query_string"]).values
    user = callers.user_of(_single(fields.get("token", [])))
    refusal = await _refusal(door, user)
    await websocket.accept()
    if user is None or refusal is not None:
        await _close(websocket, refusal or Close(delays.UNAUTHENTICATED))
        return
    outbox = Outbox(door.settings.outbox_frames, door.settings.outbox_bytes)
    socket = Socket(user, outbox, door.stretches, partial(abort, websocket))
    with door.sockets.entered(socket):
        await Session(door, websocket, socket, fields.get("cursor", [])).run()


async def _refusal(door: Door, user: str | None) -> Close | None:
    """None once the client may come in. Until then its upgrade waits: that is cheap for both."""
    if user is None:
        return Close(delays.UNAUTHENTICATED, "no valid token: connect with ?token=<user id>")
    return _shut(door) or await door.admission.turn(user) or _shut(door)


def _shut(door: Door) -> Close | None:
    if door.sockets.draining:
        return delays.closing(delays.RESTARTING)
    return door.admission.put_off() if door.sockets.full else None


class Session:
    def __init__(self, door: Door, websocket: WebSocket, socket: Socket, cursors: list[str]) -> None:
        self._door = door
        self._websocket = websocket
        self._socket = socket
        self._cursors = cursors
        self._inbox = Inbox(socket, door.sending, door.membership, door.reads)
        self._flood = inbound.Flood()
        self._fault: BaseModel | None = None

    async def run(self) -> None:
        greeted = asyncio.create_task(self._begin())
        others = (self._keep_up(greeted), self._write(), self._beat(greeted))
        tasks = [asyncio.create_task(each) for each in others]
        try:
            await self._read(greeted)
        finally:
            self._door.reads.hurry(self._socket.user)
            await self._end([greeted, *tasks])

    async def _begin(self) -> bool:
        """Whether it was greeted; else it is closed, to come back."""
        try:
            if await self._registered():
                failpoint("session.registered")
                await self._greet()
                failpoint("session.greeted")
                return True
        except Exception:
            log.exception("socket.failed")
        self._socket.close(delays.closing(delays.RESTARTING))
        return False

    async def _keep_up(self, greeted: asyncio.Task[bool]) -> None:
        """From `hello` over what was missed to `synced`; and again whenever something is left out."""
        try:
            if not await greeted:
                return
            await self._catch_up()
            failpoint("session.caught_up")
            self._socket.put(SyncedFrame(cursor=self._socket.cursor()))
            await self._find_place()
            while await self._socket.behind.wait():
                await self._catch_up()
                self._say_cursor()
                await self._find_place()
        except Exception:
            log.exception("socket.failed")
            self._socket.close(delays.closing(delays.RESTARTING))

    async def _registered(self) -> bool:
        """Whether every partition's owner knows of the user."""
        try:
            async with asyncio.timeout(self._door.settings.registered_within):
                await self._door.links.registered(self._socket.user)
        except TimeoutError:
            log.warning("socket.not_registered")
            return False
        self._socket.registered = True
        return True

    async def _present(self) -> Progress | None:
        """None while the store is away."""
        try:
            return await self._door.present.progress()
        except Unavailable:
            return None

    async def _greet(self) -> None:
        came_with, self._fault = self._resumable()
        self._socket.begin(came_with or await self._present())
        if came_with is not None:
            self._socket.fall_behind()
        heartbeat, at = self._door.settings.heartbeat_seconds, self._socket.cursor()
        self._socket.put(HelloFrame(user_id=self._socket.user, cursor=at, heartbeat_seconds=heartbeat))

    async def _catch_up(self) -> None:
        while self._socket.behind.is_set():
            try:
                await self._door.catch_up.show(self._socket)
            except Unusable as unusable:
                self._fault = ResetFrame(reason=str(unusable))
                self._socket.begin(await self._present())
        if self._fault is not None:
            self._socket.put(self._fault)
            self._fault = None
        self._socket.release()

    def _resumable(self) -> tuple[Progress | None, BaseModel | None]:
        """The place to go on from; or why the cursor that the client came with is of no use."""
        if not self._cursors or self._cursors == [""]:
            return None, None
        try:
            came_with = cursor.decode(_single(self._cursors) or "")
        except CursorInvalid as error:
            return None, ErrorFrame(code="cursor_invalid", message=f"the cursor {error}; fetch anew")
        fault = verdict(came_with, self._socket.user, self._door.events)
        return (Progress(came_with.epoch, came_with.offsets) if fault is None else None), fault

    async def _beat(self, greeted: asyncio.Task[bool]) -> None:
        """Says at least every heartbeat what was covered; null as long as that is not known."""
        while await greeted:
            await asyncio.sleep(self._door.settings.heartbeat_seconds * 0.8)
            self._say_cursor()

    async def _find_place(self) -> None:
        """Once the store is back, if it was away. What it has is told a moment later: until then a place
        that covers it would say too much."""
        while self._socket.cursor() is None:
            present = await self._present()
            await asyncio.sleep(_ASK_AGAIN)
            if present is not None:
                self._socket.place(present)
                self._say_cursor()

    def _say_cursor(self) -> None:
        self._socket.put(CursorFrame(cursor=self._socket.cursor()))

    async def _read(self, greeted: asyncio.Task[bool]) -> None:
        """Returns when the client is gone. What it says too early waits."""
        while (message := await self._websocket.receive())["type"] == "websocket.receive":
            if await greeted:
                await self._hear(message)

    async def _hear(self, message: Mapping[str, Any]) -> None:
        try:
            frame = inbound.read(message, self._door.settings.max_frame)
        except inbound.BadFrame as bad:
            self._bad(bad)
        else:
            metrics.frames_received.labels("good").inc()
            await self._inbox.put(frame)

    def _bad(self, bad: inbound.BadFrame) -> None:
        metrics.frames_received.labels("bad").inc()
        self._socket.put(bad.answer)
        if self._flood.another(asyncio.get_running_loop().time()):
            self._socket.close(delays.closing(delays.FLOOD))

    async def _write(self) -> None:
        outbox = self._socket.outbox
        try:
            while isinstance(item := await outbox.take(), str):
                await self._websocket.send({"type": "websocket.send", "text": item})
                metrics.frames_sent.inc()
            await _close(self._websocket, item)
        except (WebSocketDisconnect, RuntimeError):
            return  # the client is gone; the reader sees it too
        finally:
            self._socket.finished = True

    async def _end(self, tasks: Sequence[asyncio.Task[Any]]) -> None:
        with suppress(TimeoutError):  # what the client said before it left still counts
            async with asyncio.timeout(_ANSWERED_WITHIN):
                await self._inbox.emptied()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _close(websocket: WebSocket, close: Close) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        await websocket.close(close.code, close.reason)


def _single(values: list[str]) -> str | None:
    return values[0] if len(values) == 1 else None
