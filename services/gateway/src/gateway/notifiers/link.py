"""The link to one notifier: opened again and again, for as long as the gateway runs."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Literal

import aiohttp
import structlog

from gateway import metrics
from gateway.notifiers.subscriptions import LinkSubscriptions, UserSubscriptions
from gateway.settings import Address
from shared.internal.link_protocol import (
    MAX_MESSAGE_BYTES,
    MISMATCH_CLOSE_CODE,
    SUBPROTOCOL,
    Hello,
    NotifierMessage,
    ProtocolError,
    Replay,
    decode_notifier_message,
    encode_gateway_message,
)
from shared.runtime import security_events
from shared.runtime.back_off import BackOff
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_Connection = aiohttp.ClientWebSocketResponse[Literal[False]]

_MIN_BACK_OFF_SECONDS, _MAX_BACK_OFF_SECONDS = 0.05, 2.0
_STABLE_SECONDS = 5.0
"""A link that lasted as long is reconnected at once; a notifier that accepts links and drops them is not."""
_PING_INTERVAL_SECONDS = 2.4
"""Of silence (a notifier with partitions reports progress twice a second) until it is pinged; half as long
later the link is cut: soon after the group misses a dead member. A stall of this process cuts nothing:
messages that arrived meanwhile are read before anything is concluded from it."""
_CONNECT_TIMEOUT_SECONDS = 3.0
"""A machine that is down neither accepts nor refuses."""
_CLOSE_TIMEOUT_SECONDS = 1.0
_MESSAGES_PER_TURN = 64
"""Until other tasks run."""


_REFUSALS = ("link.refused", "link.untrusted", "link.protocol_mismatch")


class _ProtocolMismatch(Exception):
    """The notifier does not speak SUBPROTOCOL."""


class NotifierLink:
    def __init__(
        self,
        address: Address,
        gateway: str,
        user_subscriptions: UserSubscriptions,
        *,
        on_message: Callable[["NotifierLink", NotifierMessage], None],
        on_disconnect: Callable[[], None],
        tls: ssl.SSLContext | None = None,
        server_name: str = "",
    ) -> None:
        """`gateway`: this gateway's id. With `tls` the notifier must have a certificate for `server_name`."""
        self.address = address
        self.partitions: frozenset[int] = frozenset()
        """Assigned to this notifier."""
        self.subscriptions: LinkSubscriptions | None = None
        """None while not connected."""
        self._gateway = gateway
        self._user_subscriptions = user_subscriptions
        self._on_message = on_message
        self._on_disconnect = on_disconnect
        self._tls = tls
        self._server_name = server_name
        self._replaying: set[int] = set()
        """Partitions whose replay was requested and has not begun."""
        self._replays_to_send: dict[int, int] = {}

    @property
    def is_connected(self) -> bool:
        return self.subscriptions is not None

    @property
    def is_ready(self) -> bool:
        """Whether what it sends now was dispatched with every user of this gateway in force."""
        return self.subscriptions is not None and self.subscriptions.is_ready

    def request_replay(self, offsets: Mapping[int, int]) -> None:
        """Request a replay, per partition from the offset on, unless one is awaited already."""
        added = {p: offset for p, offset in offsets.items() if p not in self._replaying}
        if added and self.subscriptions is not None:
            self._replaying |= added.keys()
            self._replays_to_send |= added
            self.subscriptions.changed.set()

    def end_replay(self, partition: int) -> None:
        """The partition continues in sequence: a later gap needs a request of its own."""
        self._replaying.discard(partition)

    def assign(self, partitions: frozenset[int]) -> None:
        """The notifier consumes these partitions now, and no others. It may dispatch newly assigned
        partitions before it has acknowledged all of our users, even those whom the previous owner had
        acknowledged. So the link is not ready until all present users are acknowledged."""
        if self.subscriptions is not None and partitions - self.partitions:
            self.subscriptions.require_all()
            self._replaying.clear()
        self.partitions = partitions

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Connect and reconnect, with back-off, until cancelled. Log each kind of failure once between two
        connections."""
        back_off = BackOff(_MIN_BACK_OFF_SECONDS, _MAX_BACK_OFF_SECONDS, jitter=0.5)
        was_connected, logged = False, set[str]()
        while True:
            try:
                async with await self._connect(session) as socket:
                    await _require_protocol(socket)
                    was_connected, logged = True, set()
                    with _resetting_once_stable(back_off):
                        await self._run_session(socket)
            except (TimeoutError, OSError, aiohttp.ClientError, ProtocolError, _ProtocolMismatch) as error:
                event = _failure_event(error, was_connected=was_connected)
                if event in _REFUSALS:
                    security_events.count("link_refused")
                if event not in logged:
                    self._log_failure(event, error)
                logged.add(event)
            except Exception as error:  # a bug met on this connection must not cost the next one
                log.error("link.failed", notifier=str(self.address), exc_info=error)
                back_off.extend()
            await back_off.sleep()

    async def _connect(self, session: aiohttp.ClientSession) -> _Connection:
        async with asyncio.timeout(_CONNECT_TIMEOUT_SECONDS):
            return await session.ws_connect(
                _url(self.address, "ws" if self._tls is None else "wss"),
                ssl=self._tls or True,
                server_hostname=None if self._tls is None else self._server_name,
                protocols=(SUBPROTOCOL,),
                heartbeat=_PING_INTERVAL_SECONDS,
                max_msg_size=MAX_MESSAGE_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_TIMEOUT_SECONDS),
                decode_text=False,  # frames are passed on as bytes
            )

    def _log_failure(self, event: str, error: Exception) -> None:
        context = {"notifier": str(self.address), "reason": str(error) or type(error).__name__}
        match event:
            case "link.waiting":
                log.info(event, hint="notifier not reachable yet", **context)
            case "link.down":
                log.warning(event, **context)
            case _:
                if isinstance(error, aiohttp.WSServerHandshakeError) and error.status in (401, 403):
                    context["hint"] = "do both have the same SERVICE_TOKEN?"
                elif event == "link.untrusted":
                    context["hint"] = "check INTERNAL_CA_FILE here and TLS_CERT_FILE of the notifier"
                log.error(event, **context)

    async def _run_session(self, socket: _Connection) -> None:
        log.info("link.up", notifier=str(self.address))
        failpoint("link.up")
        self.subscriptions = self._user_subscriptions.open_link()
        metrics.links.inc()
        writing = asyncio.create_task(self._write(socket, self.subscriptions))
        try:
            await self._read(socket)
        finally:
            metrics.links.dec()
            self._user_subscriptions.close_link(self.subscriptions)
            self.subscriptions, self.partitions = None, frozenset()
            self._replaying.clear()
            self._replays_to_send.clear()
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            self._on_disconnect()

    async def _write(self, socket: _Connection, subscriptions: LinkSubscriptions) -> None:
        try:
            await socket.send_str(encode_gateway_message(Hello(self._gateway)))
            while True:
                await subscriptions.changed.wait()
                for batch in subscriptions.take_batches():
                    await socket.send_str(encode_gateway_message(batch))
                    failpoint("link.subscribed")
                offsets, self._replays_to_send = self._replays_to_send, {}
                if offsets:
                    await socket.send_str(encode_gateway_message(Replay(offsets)))
                    failpoint("link.replay_requested")
        except (OSError, aiohttp.ClientError):
            pass  # the reader sees it, too
        finally:
            await socket.close()

    async def _read(self, socket: _Connection) -> None:
        count = 0
        async for message in socket:
            if message.type is aiohttp.WSMsgType.ERROR:
                raise message.data
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise ProtocolError(f"a {message.type.name} message")
            self._on_message(self, decode_notifier_message(message.data))
            count += 1
            if count % _MESSAGES_PER_TURN == 0:
                await asyncio.sleep(0)


@contextmanager
def _resetting_once_stable(back_off: BackOff) -> Iterator[None]:
    """Reset the back-off when the block took _STABLE_SECONDS."""
    began = time.monotonic()
    try:
        yield
    finally:
        if time.monotonic() - began >= _STABLE_SECONDS:
            back_off.reset()


def _failure_event(error: Exception, *, was_connected: bool) -> str:
    """Processes start in any order: a notifier that was never reached is no failure yet."""
    match error:
        case _ProtocolMismatch():
            return "link.protocol_mismatch"
        case aiohttp.WSServerHandshakeError():
            return "link.refused"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "link.untrusted"
        case _:
            return "link.down" if was_connected else "link.waiting"


async def _require_protocol(socket: _Connection) -> None:
    """Raises _ProtocolMismatch and closes when the notifier did not accept what the handshake offered."""
    if socket.protocol != SUBPROTOCOL:
        reason = f"gateway speaks {SUBPROTOCOL}"
        await socket.close(code=MISMATCH_CLOSE_CODE, message=reason.encode())
        raise _ProtocolMismatch(f"the notifier did not accept {SUBPROTOCOL}")


def _url(address: Address, scheme: str) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{scheme}://{host}:{address.port}/link"
