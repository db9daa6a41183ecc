"""One client's WebSocket, from the accepted upgrade to its end.

Subscribe; once the owner of every partition has acknowledged: `hello`, missed entries, entries buffered
meanwhile (live from here on), `synced`. After lost entries: the missed entries again. Nothing that the client
sent is handled before `hello`. An idle live session has no task of its own: only a timer for heartbeats,
another for its age if that is limited, and the future of its disconnect.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog
from pydantic import BaseModel

from gateway import metrics
from gateway.auth.authenticator import Authenticator
from gateway.auth.principal import Principal
from gateway.auth.revocations import Revocations
from gateway.commands.progress_reader import CoalescedProgressReader
from gateway.commands.read_receipts import ReadReceiptCoalescer
from gateway.limits.user_limits import UserLimits
from gateway.notifiers.link_pool import LinkPool
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.settings import Settings
from gateway.store.client import StoreUnavailable
from gateway.websocket import close_codes, departure
from gateway.websocket.catch_up import CatchUp, CursorRejected
from gateway.websocket.connection import ClientConnection
from gateway.websocket.frame_handler import FrameCommands, FrameHandler, SocketTracing
from gateway.websocket.frame_receiver import FrameReceiver
from gateway.websocket.registry import ConnectionRegistry
from gateway.websocket.send_buffer import SendBuffer
from gateway.websocket.socket_credentials import SocketCredentials
from shared.contract import cursor
from shared.contract.cursor import InvalidCursor
from shared.contract.frames import (
    CursorFrame,
    ErrorFrame,
    HelloFrame,
    ReconnectFrame,
    ResetFrame,
    SyncedFrame,
)
from shared.http.websocket_connection import RawConnection
from shared.internal.store_api import ProjectionOffsets
from shared.runtime.failpoints import failpoint
from shared.tracing.port import NO_TRACER, Tracer

log = structlog.get_logger()

_DRAIN_TIMEOUT_SECONDS = 5.0
_RETRY_INTERVAL_SECONDS = 1.0
_HEARTBEAT_MARGIN = 0.8  # of the promised interval


@dataclass(frozen=True)
class SessionContext:
    """What every session works with."""

    settings: Settings
    authenticator: Authenticator
    commands: FrameCommands
    read_receipts: ReadReceiptCoalescer
    connections: ConnectionRegistry
    links: LinkPool
    tracker: OffsetTracker
    progress_reader: CoalescedProgressReader
    catch_up: CatchUp
    limits: UserLimits
    revocations: Revocations
    tracer: Tracer = NO_TRACER


class Session:
    def __init__(
        self,
        context: SessionContext,
        wire: RawConnection,
        principal: Principal,
        cursors: list[str],
        traceparent: str = "",
    ) -> None:
        """`cursors`: every `cursor` of the URL's query. `traceparent`: of the upgrade."""
        settings = context.settings
        send_buffer = SendBuffer(wire, settings.outbox_frames, settings.outbox_bytes)
        self._context = context
        self._connection = ClientConnection(principal.user_id, send_buffer, context.tracker)
        self._connection.issued_at = principal.issued_at
        self._cursors = cursors
        self._credentials = SocketCredentials(context.authenticator, self._connection, principal)
        tracing = SocketTracing(context.tracer, traceparent) if context.tracer.is_on else None
        self._frame_handler = FrameHandler(self._connection, context.commands, self._credentials, tracing)
        self._frame_receiver = FrameReceiver(
            wire,
            self._connection,
            self._frame_handler,
            rates=context.limits.rates,
            max_frame_bytes=settings.max_frame,
        )
        self._pending_error: BaseModel | None = None
        """Sent once the catch-up is over."""
        self._task: asyncio.Task[None] | None = None
        """Brings the connection live; None while it is."""
        self._heartbeat_timer: asyncio.TimerHandle | None = None
        self._age_timer: asyncio.TimerHandle | None = None
        self._disconnected = wire.start(
            self._frame_receiver.on_text,
            send_buffer.flush,
            self._connection.on_ping_timeout,
            self._frame_receiver.on_control,
        )

    async def run(self) -> None:
        """Return once the client is gone."""
        with self._context.connections.registered(self._connection, self._on_lagging):
            self._close_if_revoked()
            self._run_task(self._start)
            try:
                await self._disconnected
            finally:
                self._context.read_receipts.flush_user(self._connection.user)
                await self._stop()

    def _close_if_revoked(self) -> None:
        """The token may have been revoked between its verification and the registration here."""
        if self._context.revocations.is_revoked(self._connection.user, self._connection.issued_at):
            self._connection.close_revoked()

    def _run_task(self, work: Callable[[], Awaitable[None]]) -> None:
        self._task = asyncio.create_task(self._guarded(work))

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:
            log.exception("socket.failed")
            if not self._connection.is_open:
                metrics.connects_failed.inc()
            self._connection.close(close_codes.close_with_retry_after(close_codes.RESTARTING))
        self._task = None

    async def _start(self) -> None:
        """Subscribe, send `hello`, catch up, send `synced`."""
        if not await self._subscribe():
            metrics.connects_failed.inc()
            self._connection.close(close_codes.close_with_retry_after(close_codes.RESTARTING))
            return
        failpoint("session.registered")
        await self._send_hello()
        metrics.connects_accepted.inc()
        failpoint("session.greeted")
        self._frame_receiver.open()
        self._schedule_heartbeat()
        self._limit_age()
        await self._catch_up()
        failpoint("session.caught_up")
        self._connection.put(SyncedFrame(cursor=self._connection.cursor()))
        await self._establish_cursor()
        await self._resync()

    async def _resync(self) -> None:
        """Catch up for as long as entries were lost."""
        while self._connection.needs_resync:
            await self._catch_up()
            self._send_cursor()
            await self._establish_cursor()

    def _on_lagging(self) -> None:
        if self._task is None and self._connection.needs_resync:
            self._run_task(self._resync)

    async def _subscribe(self) -> bool:
        """Wait until the owner of every partition knows the user; False on timeout."""
        try:
            async with asyncio.timeout(self._context.settings.registered_within):
                await self._context.links.wait_until_active(self._connection.user)
        except TimeoutError:
            log.warning("socket.not_registered")
            return False
        self._connection.subscribed()
        return True

    async def _store_progress(self) -> ProjectionOffsets | None:
        """None while the store is away."""
        try:
            return await self._context.progress_reader.progress()
        except StoreUnavailable:
            return None

    async def _send_hello(self) -> None:
        start, self._pending_error = self._resume_offsets()
        if start is None:
            await self._start_at_head()
        else:
            self._connection.set_start(start)
            self._connection.mark_lagging()
        self._connection.put(
            HelloFrame(
                user_id=self._connection.user,
                cursor=self._connection.cursor(),
                heartbeat_seconds=self._context.settings.heartbeat_seconds,
            )
        )
        self._connection.hello_sent()

    async def _start_at_head(self) -> None:
        """Treat everything that the store has as history."""
        progress = await self._store_progress()
        self._connection.set_start(progress)
        if progress is not None and self._connection.store_is_stale(progress):
            self._connection.mark_lagging()

    async def _catch_up(self) -> None:
        while self._connection.needs_resync:
            try:
                await self._context.catch_up.replay_missed(self._connection)
            except CursorRejected as rejected:
                self._pending_error = ResetFrame(reason=rejected.reason)
                self._connection.buffer_live()
                await self._start_at_head()
        if self._pending_error is not None:
            self._connection.put(self._pending_error)
            self._pending_error = None
        self._connection.go_live()

    def _resume_offsets(self) -> tuple[ProjectionOffsets | None, BaseModel | None]:
        """The offsets of the client's cursor; or why it is rejected. Both None: the client has no cursor."""
        if not self._cursors or self._cursors == [""]:
            return None, None
        try:
            client_cursor = cursor.decode(_single(self._cursors) or "")
        except InvalidCursor as error:
            message = f"the cursor {error}; fetch everything again"
            return None, ErrorFrame(code="cursor_invalid", message=message)
        reason = self._context.catch_up.rejection_reason(client_cursor, self._connection.user)
        if reason is not None:
            return None, ResetFrame(reason=reason)
        return ProjectionOffsets(client_cursor.epoch, client_cursor.offsets), None

    def _schedule_heartbeat(self) -> None:
        delay = self._context.settings.heartbeat_seconds * _HEARTBEAT_MARGIN
        self._heartbeat_timer = asyncio.get_running_loop().call_later(delay, self._heartbeat)

    def _heartbeat(self) -> None:
        self._send_cursor()
        self._schedule_heartbeat()

    def _limit_age(self) -> None:
        if max_age := self._context.settings.max_socket_age:
            delay = departure.draw_age(max_age)
            self._age_timer = asyncio.get_running_loop().call_later(delay, self._leave)

    def _leave(self) -> None:
        """Request the client to reconnect, perhaps to another gateway; close the connection a moment later if
        it is still here."""
        if self._context.connections.draining:  # it has its request already
            return
        self._connection.put(ReconnectFrame(after_ms=close_codes.jittered_ms()))
        close = close_codes.close_with_retry_after(close_codes.RESTARTING)
        self._age_timer = asyncio.get_running_loop().call_later(
            departure.MARGIN_SECONDS, self._connection.close, close
        )

    async def _establish_cursor(self) -> None:
        """Wait for the store when it was away at the start. Entries that it has are delivered a moment later:
        until then a cursor beyond them would cover too much."""
        while self._connection.cursor() is None:
            self._connection.snapshot_watermarks()
            progress = await self._store_progress()
            await asyncio.sleep(_RETRY_INTERVAL_SECONDS)
            if progress is not None and not self._connection.store_is_stale(progress):
                self._connection.resume_at(progress)
                self._send_cursor()

    def _send_cursor(self) -> None:
        self._connection.put(CursorFrame(cursor=self._connection.cursor()))

    async def _stop(self) -> None:
        with suppress(TimeoutError):  # what the client sent before it left still counts
            async with asyncio.timeout(_DRAIN_TIMEOUT_SECONDS):
                await self._frame_handler.drained()
        self._frame_receiver.close()
        self._credentials.end()
        for timer in (self._heartbeat_timer, self._age_timer):
            if timer is not None:
                timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._connection.discard_live()


def _single(values: list[str]) -> str | None:
    return values[0] if len(values) == 1 else None
