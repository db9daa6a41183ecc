"""The WebSocket route that gateways dial."""

import asyncio
from contextlib import suppress
from functools import partial

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from notifier.live import link_protocol, metrics
from notifier.live.dispatcher import Dispatcher
from notifier.live.link import GatewayLink, SendQueue
from notifier.live.link_protocol import Hello, ProtocolError, Replay, Subscribe, Unsubscribe
from shared.http.websocket_connection import line
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

MAX_MESSAGE_BYTES = 4 * 1024 * 1024  # a gateway may announce 20,000 users at once
_HANDSHAKE_TIMEOUT_SECONDS = 10.0  # seconds that a gateway has to say hello
_CLOSE_TIMEOUT_SECONDS = 2.0


def link_routes(dispatcher: Dispatcher, queue_limit: int) -> APIRouter:
    router = APIRouter()

    @router.websocket("/link")
    async def link(socket: WebSocket) -> None:
        await socket.accept()
        await _serve(
            socket, GatewayLink(SendQueue(queue_limit, on_overflow=partial(_abort, socket))), dispatcher
        )

    return router


async def _serve(socket: WebSocket, link: GatewayLink, dispatcher: Dispatcher) -> None:
    writing = asyncio.create_task(_write_queue(socket, link.queue))
    try:
        await _read_messages(socket, link, dispatcher)
    except WebSocketDisconnect as disconnect:
        log.info("link.closed", gateway=link.gateway, code=disconnect.code)
    except ProtocolError as error:
        log.warning("link.protocol_error", gateway=link.gateway, reason=str(error))
        await _close(socket, str(error))
    finally:
        dispatcher.remove_link(link)
        writing.cancel()


async def _read_messages(socket: WebSocket, link: GatewayLink, dispatcher: Dispatcher) -> None:
    await _handshake(socket, link)
    dispatcher.add_link(link)
    log.info("link.opened", gateway=link.gateway)
    while True:
        match link_protocol.decode(await _receive_text(socket)):
            case Subscribe(batch=batch, users=users) if batch > link.last_batch:
                link.last_batch = batch
                dispatcher.subscribe(link, batch, users)
                failpoint("notifier.acknowledged")
            case Unsubscribe(batch=batch, users=users) if batch > link.last_batch:
                link.last_batch = batch
                dispatcher.unsubscribe(link, batch, users)
            case Replay(partitions=partitions):
                dispatcher.replay(link, partitions)
                failpoint("notifier.replayed")
            case message:
                raise ProtocolError(f"{message.type} is out of order")
        await asyncio.sleep(0)  # what else is to be done comes between two messages, however many are here


async def _handshake(socket: WebSocket, link: GatewayLink) -> None:
    try:
        async with asyncio.timeout(_HANDSHAKE_TIMEOUT_SECONDS):
            hello = link_protocol.decode(await _receive_text(socket))
    except TimeoutError:
        raise ProtocolError("no hello in time") from None
    if not isinstance(hello, Hello):
        raise ProtocolError("the first message must be hello")
    link.gateway = hello.gateway


async def _receive_text(socket: WebSocket) -> str:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text = message.get("text")
    if text is None:
        raise ProtocolError("not a text")
    return str(text)


async def _write_queue(socket: WebSocket, queue: SendQueue) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # gone, or being closed: `_listen` sees it
        while True:
            await socket.send_text(await queue.take())


async def _close(socket: WebSocket, reason: str) -> None:
    try:
        async with asyncio.timeout(_CLOSE_TIMEOUT_SECONDS):
            await socket.close(1008, reason[:100])
    except TimeoutError:
        line(socket).abort()


def _abort(socket: WebSocket) -> None:
    log.warning("link.too_slow")
    metrics.links_cut.inc()
    line(socket).abort()
