"""The WebSocket endpoint for gateways."""

import asyncio
from contextlib import suppress
from functools import partial

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from notifier.live import metrics
from notifier.live.dispatcher import Dispatcher
from notifier.live.link import GatewayLink, SendQueue
from shared.http.websocket_connection import raw_connection
from shared.internal.link_protocol import (
    MISMATCH_CLOSE_CODE,
    SUBPROTOCOL,
    VIOLATION_CLOSE_CODE,
    Hello,
    ProtocolError,
    Replay,
    Subscribe,
    Unsubscribe,
    decode_gateway_message,
)
from shared.runtime import security_events
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_HELLO_TIMEOUT_SECONDS = 10.0
_CLOSE_TIMEOUT_SECONDS = 2.0
_MAX_REASON_CHARACTERS = 100


class LinkServer:
    def __init__(self, dispatcher: Dispatcher, queue_limit: int) -> None:
        """`queue_limit`: characters that may wait for one gateway before it is cut."""
        self.router = APIRouter()
        self.router.add_api_websocket_route("/link", self._accept)
        self._dispatcher = dispatcher
        self._queue_limit = queue_limit
        self._refused_hosts: set[str] = set()

    async def _accept(self, socket: WebSocket) -> None:
        if SUBPROTOCOL not in socket.scope["subprotocols"]:
            await self._refuse(socket)
            return
        await socket.accept(SUBPROTOCOL)
        self._refused_hosts.discard(_host(socket))
        queue = SendQueue(self._queue_limit, on_overflow=partial(_abort, socket))
        link = GatewayLink(queue)
        writing = asyncio.create_task(_write_queue(socket, queue))
        try:
            await self.serve(socket, link)
        finally:
            writing.cancel()

    async def _refuse(self, socket: WebSocket) -> None:
        """Close a link of another protocol number. Log once a host: gateways retry every few seconds."""
        security_events.count("link_refused")
        if (host := _host(socket)) not in self._refused_hosts:
            self._refused_hosts.add(host)
            offered = socket.scope["subprotocols"]
            log.error("link.protocol_mismatch", gateway=host, offered=offered, supported=SUBPROTOCOL)
        await socket.accept()
        await _close(socket, MISMATCH_CLOSE_CODE, f"notifier speaks {SUBPROTOCOL}")

    async def serve(self, socket: WebSocket, link: GatewayLink) -> None:
        """Handle the gateway's messages until it disconnects or breaks the protocol."""
        try:
            await self._handshake(socket, link)
            await self._read_messages(socket, link)
        except WebSocketDisconnect as disconnect:
            log.info("link.closed", gateway=link.gateway, code=disconnect.code)
        except ProtocolError as error:
            log.warning("link.protocol_error", gateway=link.gateway, reason=str(error))
            await _close(socket, VIOLATION_CLOSE_CODE, str(error))
        finally:
            self._dispatcher.remove_link(link)

    async def _handshake(self, socket: WebSocket, link: GatewayLink) -> None:
        try:
            async with asyncio.timeout(_HELLO_TIMEOUT_SECONDS):
                hello = decode_gateway_message(await _receive_text(socket))
        except TimeoutError:
            raise ProtocolError("no hello in time") from None
        if not isinstance(hello, Hello):
            raise ProtocolError("the first message must be hello")
        link.gateway = hello.gateway
        self._dispatcher.add_link(link)
        log.info("link.opened", gateway=link.gateway)

    async def _read_messages(self, socket: WebSocket, link: GatewayLink) -> None:
        while True:
            match decode_gateway_message(await _receive_text(socket)):
                case Subscribe(batch=batch, users=users) if batch > link.last_batch:
                    link.last_batch = batch
                    self._dispatcher.subscribe(link, batch, users)
                    failpoint("notifier.acknowledged")
                case Unsubscribe(batch=batch, users=users) if batch > link.last_batch:
                    link.last_batch = batch
                    self._dispatcher.unsubscribe(link, batch, users)
                case Replay(offsets=offsets):
                    self._dispatcher.replay(link, offsets)
                    failpoint("notifier.replayed")
                case message:
                    raise ProtocolError(f"{message.type} is out of order")
            await asyncio.sleep(0)  # other tasks run between two messages, however many have arrived


async def _receive_text(socket: WebSocket) -> str:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text = message.get("text")
    if text is None:
        raise ProtocolError("not a text message")
    return str(text)


async def _write_queue(socket: WebSocket, queue: SendQueue) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # disconnected or closing: the reader sees it
        while True:
            await socket.send_text(await queue.take())


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    try:
        async with asyncio.timeout(_CLOSE_TIMEOUT_SECONDS):
            await socket.close(code, reason[:_MAX_REASON_CHARACTERS])
    except TimeoutError:
        raw_connection(socket).abort()


def _abort(socket: WebSocket) -> None:
    log.warning("link.too_slow")
    metrics.links_cut.inc()
    raw_connection(socket).abort()


def _host(socket: WebSocket) -> str:
    return socket.client.host if socket.client else ""
