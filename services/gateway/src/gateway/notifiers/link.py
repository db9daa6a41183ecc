"""The connection to one notifier: dialled again and again, for as long as the gateway lives."""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Literal

import aiohttp
import structlog

from gateway import metrics
from gateway.notifiers import link_protocol
from gateway.notifiers.link_protocol import NotifierMessage
from gateway.notifiers.subscriptions import LinkSubscriptions, UserSubscriptions
from gateway.settings import Address
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_Connection = aiohttp.ClientWebSocketResponse[Literal[False]]

_MAX_BACK_OFF_SECONDS = 2.0
_MAX_MESSAGE_BYTES = 4 * 1024 * 1024  # a frame and the 1,024 user ids it is for
_PING_INTERVAL_SECONDS = 2.4
"""Seconds of silence (an owner says something twice a second) until it is pinged; half as many later the link
is cut: soon after the group misses a dead member. A stall of ours cuts nothing: what came meanwhile is read
before anything is concluded from it."""
_CONNECT_TIMEOUT_SECONDS = 3.0  # nobody refuses at the address of a machine that is gone, nor answers
_MESSAGES_PER_TURN = 64  # messages after which others get their turn


class NotifierLink:
    """`told` is called with each thing the notifier says, and with None when the connection is lost."""

    def __init__(
        self,
        address: Address,
        gateway: str,
        user_subscriptions: UserSubscriptions,
        on_message: Callable[["NotifierLink", NotifierMessage | None], None],
    ) -> None:
        self.address = address
        self.partitions: frozenset[int] = frozenset()
        self.subscriptions: LinkSubscriptions | None = None
        """None while not connected."""
        self._gateway = gateway
        self._user_subscriptions = user_subscriptions
        self._replaying: set[int] = set()
        self._pending_replay: dict[int, int] = {}
        self._on_message = on_message

    @property
    def is_ready(self) -> bool:
        return self.subscriptions is not None and self.subscriptions.is_ready

    def request_replay(self, offsets: Mapping[int, int]) -> None:
        """To be told again, per partition from the offset on; what was asked already waits for its answer."""
        added = {
            partition: offset for partition, offset in offsets.items() if partition not in self._replaying
        }
        if added and self.subscriptions is not None:
            self._replaying |= added.keys()
            self._pending_replay |= added
            self.subscriptions.changed.set()

    def replay_answered(self, partition: int) -> None:
        """What it tells of the partition continues what was told before."""
        self._replaying.discard(partition)

    def assign(self, partitions: frozenset[int]) -> None:
        """These now, and no others. It may tell of new ones without those whom it did not acknowledge yet,
        although the owner before knew them: until everybody is in force, it has not begun anew."""
        if self.subscriptions is not None and partitions - self.partitions:
            self.subscriptions.require_all()
            self._replaying.clear()
        self.partitions = partitions

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Until cancelled."""
        back_off, logged_down, was_connected = 0.05, False, False
        while True:
            try:
                async with await self._connect(session) as socket:
                    back_off, logged_down, was_connected = 0.05, False, True
                    await self._session(socket)
            except (TimeoutError, OSError, aiohttp.ClientError, link_protocol.ProtocolError) as error:
                if not logged_down:
                    self._log_down(was_connected, error)
                logged_down = True
            except Exception as error:  # a fault of ours with this connection must not cost the next one
                log.error("link.failed", notifier=str(self.address), exc_info=error)
                back_off = _MAX_BACK_OFF_SECONDS  # it may well happen again at once
            await asyncio.sleep(back_off * random.uniform(0.5, 1.0))
            back_off = min(back_off * 2, _MAX_BACK_OFF_SECONDS)

    async def _connect(self, session: aiohttp.ClientSession) -> _Connection:
        async with asyncio.timeout(_CONNECT_TIMEOUT_SECONDS):
            return await session.ws_connect(
                _url(self.address),
                heartbeat=_PING_INTERVAL_SECONDS,
                max_msg_size=_MAX_MESSAGE_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                decode_text=False,  # frames go on as the bytes they are
            )

    def _log_down(self, was_connected: bool, error: Exception) -> None:
        """Processes start in any order: one that was never reached is no fault yet."""
        context = {"notifier": str(self.address), "reason": str(error) or type(error).__name__}
        if isinstance(error, aiohttp.WSServerHandshakeError):
            if error.status in (401, 403):
                context["hint"] = "do both have the same SERVICE_TOKEN?"
            log.error("link.refused", status=error.status, **context)
        elif was_connected:
            log.warning("link.down", **context)
        else:
            log.info("link.waiting", hint="notifier not reachable yet", **context)

    async def _session(self, socket: _Connection) -> None:
        log.info("link.up", notifier=str(self.address))
        failpoint("link.up")
        self.subscriptions = self._user_subscriptions.open_link()
        metrics.links.inc()
        writing = asyncio.create_task(self._writer(socket, self.subscriptions))
        try:
            await self._reader(socket)
        finally:
            metrics.links.dec()
            self._user_subscriptions.close_link(self.subscriptions)
            self.subscriptions, self.partitions = None, frozenset()
            self._replaying.clear()
            self._pending_replay.clear()
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            self._on_message(self, None)

    async def _writer(self, socket: _Connection, subscriptions: LinkSubscriptions) -> None:
        try:
            await socket.send_str(link_protocol.hello(self._gateway))
            while True:
                await subscriptions.changed.wait()
                for batch in subscriptions.next_batches():
                    await socket.send_str(link_protocol.subscription(batch.kind, batch.batch, batch.users))
                    failpoint("link.subscribed")
                offsets, self._pending_replay = self._pending_replay, {}
                if offsets:
                    await socket.send_str(link_protocol.replay(offsets))
                    failpoint("link.replay_requested")
        except (OSError, aiohttp.ClientError):
            pass  # the listener sees it too
        finally:
            await socket.close()

    async def _reader(self, socket: _Connection) -> None:
        count = 0
        async for message in socket:
            if message.type is aiohttp.WSMsgType.ERROR:
                raise message.data
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise link_protocol.ProtocolError(f"a {message.type.name} message")
            self._on_message(self, link_protocol.decode(message.data))
            count += 1
            if count % _MESSAGES_PER_TURN == 0:
                await asyncio.sleep(0)


def _url(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"ws://{host}:{address.port}/link"
