"""How much of what a client says is taken in, and when it is read on."""

import asyncio
from typing import Any, cast

import orjson

from gateway.commands.command_service import PendingMessage
from gateway.notifiers.offset_tracker import Stretches
from gateway.websocket.connection import ClientConnection
from gateway.websocket.frame_handler import FrameHandler
from gateway.websocket.frame_receiver import FrameReceiver
from gateway.websocket.send_buffer import SendBuffer
from shared.contract.position import Position
from tests.unit.gateway.gateway_fixture import EPOCH, UNKNOWN_CONVERSATION
from tests.unit.lines import Far


class Read(Far):
    """Whether it is read on."""

    reading = True

    def hold(self) -> None:
        self.reading = False

    def read(self) -> None:
        self.reading = True


class Log:
    """Confirms when it is told to."""

    def __init__(self) -> None:
        self.confirms = asyncio.Event()
        self.texts: list[str] = []

    async def send_message(self, _: str, __: str, text: str, ___: str | None) -> PendingMessage:
        self.texts.append(text)
        return PendingMessage(UNKNOWN_CONVERSATION, self._confirmed())

    async def _confirmed(self) -> Position:
        await self.confirms.wait()
        return Position(EPOCH, 0, 1)


def hearing(line: Read, log: Log) -> FrameReceiver:
    socket = ClientConnection("ana", SendBuffer(line, 1_000, 100_000), Stretches())
    nothing = cast("Any", None)
    return FrameReceiver(
        line, socket, FrameHandler(socket, cast("Any", log), nothing, nothing), max_frame=1_000
    )


def said(number: int) -> str:
    return orjson.dumps(
        {"type": "message", "conversationId": UNKNOWN_CONVERSATION, "text": f"{number}"}
    ).decode()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_nothing_is_handled_before_the_greeting() -> None:
    line, log = Read(), Log()
    heard = hearing(line, log)
    heard.on_text(said(1))
    heard.on_text("nonsense")
    await settled()
    assert (line.reading, line.told, log.texts) == (False, [], [])
    heard.open()
    await settled()
    assert (line.reading, len(line.told), log.texts) == (True, 1, ["1"])


async def test_who_says_more_than_is_answered_is_not_read_until_it_is() -> None:
    line, log = Read(), Log()
    heard = hearing(line, log)
    heard.open()
    for number in range(200):
        heard.on_text(said(number))
    await settled()
    assert (line.reading, len(log.texts)) == (False, 128)
    log.confirms.set()
    await settled()
    assert line.reading
    assert log.texts == [f"{number}" for number in range(200)]
    assert len(line.told) == 200
