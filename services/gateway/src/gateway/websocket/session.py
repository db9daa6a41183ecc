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

from gateway.api.request_parsing import QueryString
from gateway.auth import authentication
from gateway.auth.origins import origin_not_allowed
from gateway.components import GatewayComponents
from gateway.store.client import Progress, Unavailable
from gateway.websocket import close_codes
from gateway.websocket.catch_up import CursorRejected, validate_cursor
from gateway.websocket.connection import ClientConnection
from gateway.websocket.frame_handler import FrameHandler
from gateway.websocket.frame_receiver import FrameReceiver
from gateway.websocket.send_buffer import Close, SendBuffer
from shared.contract import cursor
from shared.contract.cursor import CursorInvalid
from shared.contract.frames import CursorFrame, ErrorFrame, HelloFrame, ResetFrame, SyncedFrame
from shared.http.websocket_connection import Line, line
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_DRAIN_TIMEOUT_SECONDS = 5.0
_RETRY_INTERVAL_SECONDS = 1.0


async def serve_connection(components: GatewayComponents, websocket: WebSocket) -> None:
    """The whole life of one socket."""
    if not components.origins.allows_request(websocket.headers):
        await websocket.send_denial_response(origin_not_allowed().response())
        return
    fields = QueryString.parse(websocket.scope["query_string"]).values
    user = authentication.authenticate_socket(websocket.headers, fields.get("token", []))
    refusal = await _admission_refusal(components, user)
    await websocket.accept()
    if user is None or refusal is not None:
        await _close(websocket, refusal or Close(close_codes.UNAUTHENTICATED))
        return
    wire = line(websocket)
    outbox = SendBuffer(wire, components.settings.outbox_frames, components.settings.outbox_bytes)
    socket = ClientConnection(user, outbox, components.stretches)
    session = Session(components, wire, socket, fields.get("cursor", []))
    del websocket, fields  # with all its headers, for hours
    with components.connections.registered(socket):
        await session.run()


async def _admission_refusal(components: GatewayComponents, user: str | None) -> Close | None:
    """None once the client may come in. Until then its upgrade waits: that is cheap for both."""
    if user is None:
        return Close(close_codes.UNAUTHENTICATED, f"connect with ?token={authentication.TOKEN_FORMAT}")
    return _overloaded(components) or await components.admission.admit(user) or _overloaded(components)


def _overloaded(components: GatewayComponents) -> Close | None:
    if components.connections.draining:
        return close_codes.close_with_retry_after(close_codes.RESTARTING)
    return components.admission.reject_with_retry_after() if components.connections.is_full else None


class Session:
    def __init__(
        self, components: GatewayComponents, wire: Line, socket: ClientConnection, cursors: list[str]
    ) -> None:
        self._components = components
        self._connection = socket
        self._cursors = cursors
        self._frame_handler = FrameHandler(
            socket, components.commands, components.membership, components.read_receipts
        )
        self._frame_receiver = FrameReceiver(wire, socket, self._frame_handler, components.settings.max_frame)
        self._pending_error: BaseModel | None = None
        self._task: asyncio.Task[None] | None = None
        """What is to be shown before the socket is live; none while it is."""
        self._heartbeat_timer: asyncio.TimerHandle | None = None
        self._disconnected = wire.listen(
            self._frame_receiver.on_text, socket.send_buffer.flush, socket.on_ping_timeout
        )

    async def run(self) -> None:
        """Until the client is gone."""
        self._run_task(self._start)
        self._connection.on_resync_needed = self._on_resync_needed
        try:
            await self._disconnected
        finally:
            self._components.read_receipts.flush_user(self._connection.user)
            await self._stop()

    def _run_task(self, work: Callable[[], Awaitable[None]]) -> None:
        self._task = asyncio.create_task(self._guarded(work))

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:
            log.exception("socket.failed")
            self._connection.close(close_codes.close_with_retry_after(close_codes.RESTARTING))
        self._task = None

    async def _start(self) -> None:
        """From the announcement over `hello` and what was missed to `synced`."""
        if not await self._register():
            self._connection.close(close_codes.close_with_retry_after(close_codes.RESTARTING))
            return
        failpoint("session.registered")
        await self._send_hello()
        failpoint("session.greeted")
        self._frame_receiver.open()
        self._schedule_heartbeat()
        await self._catch_up()
        failpoint("session.caught_up")
        self._connection.put(SyncedFrame(cursor=self._connection.cursor()))
        await self._establish_cursor()
        await self._resync()

    async def _resync(self) -> None:
        """As long as something was left out."""
        while self._connection.needs_resync:
            await self._catch_up()
            self._send_cursor()
            await self._establish_cursor()

    def _on_resync_needed(self) -> None:
        if self._task is None:
            self._run_task(self._resync)

    async def _register(self) -> bool:
        """Whether every partition's owner knows of the user."""
        try:
            async with asyncio.timeout(self._components.settings.registered_within):
                await self._components.links.registered(self._connection.user)
        except TimeoutError:
            log.warning("socket.not_registered")
            return False
        self._connection.registered = True
        self._connection.snapshot_watermarks()
        return True

    async def _store_progress(self) -> Progress | None:
        """None while the store is away."""
        try:
            return await self._components.progress_reader.progress()
        except Unavailable:
            return None

    async def _send_hello(self) -> None:
        came_with, self._pending_error = self._resume_offsets()
        if came_with is None:
            await self._start_at_head()
        else:
            self._connection.set_start(came_with)
            self._connection.mark_lagging()
        heartbeat, at = self._components.settings.heartbeat_seconds, self._connection.cursor()
        self._connection.put(
            HelloFrame(user_id=self._connection.user, cursor=at, heartbeat_seconds=heartbeat)
        )
        self._connection.hello_sent = True

    async def _start_at_head(self) -> None:
        """All that the store has is history."""
        present = await self._store_progress()
        self._connection.set_start(present)
        if present is not None and self._connection.store_is_stale(present):
            self._connection.mark_lagging()

    async def _catch_up(self) -> None:
        while self._connection.needs_resync:
            try:
                await self._components.catch_up.replay_missed(self._connection)
            except CursorRejected as unusable:
                self._pending_error = ResetFrame(reason=str(unusable))
                await self._start_at_head()
        if self._pending_error is not None:
            self._connection.put(self._pending_error)
            self._pending_error = None
        self._connection.go_live()

    def _resume_offsets(self) -> tuple[Progress | None, BaseModel | None]:
        """The place to go on from; or why the cursor that the client came with is of no use."""
        if not self._cursors or self._cursors == [""]:
            return None, None
        try:
            came_with = cursor.decode(_single(self._cursors) or "")
        except CursorInvalid as error:
            return None, ErrorFrame(code="cursor_invalid", message=f"the cursor {error}; fetch anew")
        fault = validate_cursor(came_with, self._connection.user, self._components.events)
        return (Progress(came_with.epoch, came_with.offsets) if fault is None else None), fault

    def _schedule_heartbeat(self) -> None:
        """Says at least every heartbeat what was covered; null as long as that is not known."""
        pause = self._components.settings.heartbeat_seconds * 0.8
        self._heartbeat_timer = asyncio.get_running_loop().call_later(pause, self._heartbeat)

    def _heartbeat(self) -> None:
        self._send_cursor()
        self._schedule_heartbeat()

    async def _establish_cursor(self) -> None:
        """Once the store is back, if it was away. What it has is told a moment later: until then a place
        that covers it would say too much."""
        while self._connection.cursor() is None:
            self._connection.snapshot_watermarks()
            present = await self._store_progress()
            await asyncio.sleep(_RETRY_INTERVAL_SECONDS)
            if present is not None and not self._connection.store_is_stale(present):
                self._connection.resume_at(present)
                self._send_cursor()

    def _send_cursor(self) -> None:
        self._connection.put(CursorFrame(cursor=self._connection.cursor()))

    async def _stop(self) -> None:
        with suppress(TimeoutError):  # what the client said before it left still counts
            async with asyncio.timeout(_DRAIN_TIMEOUT_SECONDS):
                await self._frame_handler.drained()
        if self._heartbeat_timer is not None:
            self._heartbeat_timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._connection.discard_live()  # what was held back, and who holds whom: the collector comes by rarely
        self._connection.on_resync_needed = self._frame_handler.on_capacity = _nothing


async def _close(websocket: WebSocket, close: Close) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        await websocket.close(close.code, close.reason)


def _nothing() -> None:
    """Nobody is there any more."""


def _single(values: list[str]) -> str | None:
    return values[0] if len(values) == 1 else None
