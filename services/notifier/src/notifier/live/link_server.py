"""The WebSocket route that gateways dial."""

import asyncio
from contextlib import suppress
from functools import partial

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from notifier.live import link_protocol, metrics
from notifier.live.dispatcher import Switchboard
from notifier.live.link import Link, Outbox
from notifier.live.link_protocol import Announce, BadMessage, Hello, Replay, Withdraw
from shared.http.websocket_connection import raw_connection
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

MAX_MESSAGE = 4 * 1024 * 1024  # a gateway may announce 20,000 users at once
_INTRODUCTION = 10.0  # seconds that a gateway has to say hello
_GOODBYE = 2.0


def links(switchboard: Switchboard, outbox_size: int) -> APIRouter:
    router = APIRouter()

    @router.websocket("/link")
    async def link(socket: WebSocket) -> None:
        await socket.accept()
        await _serve(socket, Link(Outbox(outbox_size, cut=partial(_cut, socket))), switchboard)

    return router


async def _serve(socket: WebSocket, link: Link, switchboard: Switchboard) -> None:
    sending = asyncio.create_task(_send(socket, link.outbox))
    try:
        await _listen(socket, link, switchboard)
    except WebSocketDisconnect as gone:
        log.info("link.closed", gateway=link.gateway, code=gone.code)
    except BadMessage as bad:
        log.warning("link.bad_message", gateway=link.gateway, reason=str(bad))
        await _close(socket, str(bad))
    finally:
        switchboard.leave(link)
        sending.cancel()


async def _listen(socket: WebSocket, link: Link, switchboard: Switchboard) -> None:
    await _introduce(socket, link)
    switchboard.join(link)
    log.info("link.opened", gateway=link.gateway)
    while True:
        match link_protocol.read(await _text(socket)):
            case Announce(batch=batch, users=users) if batch > link.batch:
                link.batch = batch
                switchboard.announce(link, batch, users)
                failpoint("notifier.acknowledged")
            case Withdraw(batch=batch, users=users) if batch > link.batch:
                link.batch = batch
                switchboard.withdraw(link, batch, users)
            case Replay(partitions=partitions):
                switchboard.replay(link, partitions)
                failpoint("notifier.replayed")
            case message:
                raise BadMessage(f"{message.type} is out of order")
        await asyncio.sleep(0)  # what else is to be done comes between two messages, however many are here


async def _introduce(socket: WebSocket, link: Link) -> None:
    try:
        async with asyncio.timeout(_INTRODUCTION):
            hello = link_protocol.read(await _text(socket))
    except TimeoutError:
        raise BadMessage("no hello in time") from None
    if not isinstance(hello, Hello):
        raise BadMessage("the first message must be hello")
    link.gateway = hello.gateway


async def _text(socket: WebSocket) -> str:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text = message.get("text")
    if text is None:
        raise BadMessage("not a text")
    return str(text)


async def _send(socket: WebSocket, outbox: Outbox) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # gone, or being closed: `_listen` sees it
        while True:
            await socket.send_text(await outbox.take())


async def _close(socket: WebSocket, reason: str) -> None:
    try:
        async with asyncio.timeout(_GOODBYE):
            await socket.close(1008, reason[:100])
    except TimeoutError:
        raw_connection(socket).abort()


def _cut(socket: WebSocket) -> None:
    log.warning("link.too_slow")
    metrics.links_cut.inc()
    raw_connection(socket).abort()
