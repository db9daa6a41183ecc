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
from gateway.notifiers.link_protocol import Told
from gateway.notifiers.subscriptions import Announcements, Interest
from gateway.settings import Address
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_Connection = aiohttp.ClientWebSocketResponse[Literal[False]]

_LONGEST_PAUSE = 2.0
_MAX_MESSAGE = 4 * 1024 * 1024  # a frame and the 1,024 user ids it is for
_HEARTBEAT = 2.4
"""Seconds of silence (an owner says something twice a second) until it is pinged; half as many later the link
is cut: soon after the group misses a dead member. A stall of ours cuts nothing: what came meanwhile is read
before anything is concluded from it."""
_DIAL_WITHIN = 3.0  # nobody refuses at the address of a machine that is gone, nor answers
_TURN = 64  # messages after which others get their turn


class Link:
    """`told` is called with each thing the notifier says, and with None when the connection is lost."""

    def __init__(
        self,
        address: Address,
        gateway: str,
        interest: Interest,
        told: Callable[["Link", Told | None], None],
    ) -> None:
        self.address = address
        self.owned: frozenset[int] = frozenset()
        self.announcements: Announcements | None = None
        """None while not connected."""
        self._gateway = gateway
        self._interest = interest
        self._asked: set[int] = set()
        self._unsaid: dict[int, int] = {}
        self._told = told

    @property
    def begun(self) -> bool:
        return self.announcements is not None and self.announcements.begun

    def ask(self, offsets: Mapping[int, int]) -> None:
        """To be told again, per partition from the offset on; what was asked already waits for its answer."""
        new = {partition: offset for partition, offset in offsets.items() if partition not in self._asked}
        if new and self.announcements is not None:
            self._asked |= new.keys()
            self._unsaid |= new
            self.announcements.changed.set()

    def answered(self, partition: int) -> None:
        """What it tells of the partition continues what was told before."""
        self._asked.discard(partition)

    def owns(self, partitions: frozenset[int]) -> None:
        """These now, and no others. It may tell of new ones without those whom it did not acknowledge yet,
        although the owner before knew them: until everybody is in force, it has not begun anew."""
        if self.announcements is not None and partitions - self.owned:
            self.announcements.require_all()
            self._asked.clear()
        self.owned = partitions

    async def keep(self, session: aiohttp.ClientSession) -> None:
        """Until cancelled."""
        pause, complained, reached = 0.05, False, False
        while True:
            try:
                async with await self._dialled(session) as socket:
                    pause, complained, reached = 0.05, False, True
                    await self._talk(socket)
            except (TimeoutError, OSError, aiohttp.ClientError, link_protocol.Incomprehensible) as error:
                if not complained:
                    self._complain(reached, error)
                complained = True
            except Exception as error:  # a fault of ours with this connection must not cost the next one
                log.error("link.failed", notifier=str(self.address), exc_info=error)
                pause = _LONGEST_PAUSE  # it may well happen again at once
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _dialled(self, session: aiohttp.ClientSession) -> _Connection:
        async with asyncio.timeout(_DIAL_WITHIN):
            return await session.ws_connect(
                _url(self.address),
                heartbeat=_HEARTBEAT,
                max_msg_size=_MAX_MESSAGE,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                decode_text=False,  # frames go on as the bytes they are
            )

    def _complain(self, reached: bool, error: Exception) -> None:
        """Processes start in any order: one that was never reached is no fault yet."""
        what = {"notifier": str(self.address), "reason": str(error) or type(error).__name__}
        if isinstance(error, aiohttp.WSServerHandshakeError):
            if error.status in (401, 403):
                what["hint"] = "do both have the same SERVICE_TOKEN?"
            log.error("link.refused", status=error.status, **what)
        elif reached:
            log.warning("link.down", **what)
        else:
            log.info("link.waiting", hint="notifier not reachable yet", **what)

    async def _talk(self, socket: _Connection) -> None:
        log.info("link.up", notifier=str(self.address))
        failpoint("link.up")
        self.announcements = self._interest.announcements()
        metrics.links.inc()
        speaking = asyncio.create_task(self._speak(socket, self.announcements))
        try:
            await self._listen(socket)
        finally:
            metrics.links.dec()
            self._interest.forget(self.announcements)
            self.announcements, self.owned = None, frozenset()
            self._asked.clear()
            self._unsaid.clear()
            speaking.cancel()
            with suppress(asyncio.CancelledError):
                await speaking
            self._told(self, None)

    async def _speak(self, socket: _Connection, announcements: Announcements) -> None:
        try:
            await socket.send_str(link_protocol.hello(self._gateway))
            while True:
                await announcements.changed.wait()
                for said in announcements.next():
                    await socket.send_str(link_protocol.interest(said.kind, said.batch, said.users))
                    failpoint("link.announced")
                asked, self._unsaid = self._unsaid, {}
                if asked:
                    await socket.send_str(link_protocol.replay(asked))
                    failpoint("link.asked")
        except (OSError, aiohttp.ClientError):
            pass  # the listener sees it too
        finally:
            await socket.close()

    async def _listen(self, socket: _Connection) -> None:
        count = 0
        async for message in socket:
            if message.type is aiohttp.WSMsgType.ERROR:
                raise message.data
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise link_protocol.Incomprehensible(f"a {message.type.name} message")
            self._told(self, link_protocol.parse(message.data))
            count += 1
            if count % _TURN == 0:
                await asyncio.sleep(0)


def _url(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"ws://{host}:{address.port}/link"
