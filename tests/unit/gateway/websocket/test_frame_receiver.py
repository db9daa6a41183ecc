"""How much of what a client says is taken in, and when it is read on."""

import asyncio
from typing import Any, cast

import orjson

from gateway.commands.command_service import Sent
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.websocket.connection import Socket
from gateway.websocket.frame_handler import Inbox
from gateway.websocket.frame_receiver import Hearing
from gateway.websocket.send_buffer import Outbox
from shared.contract.position import Position
from tests.unit.gateway.gateway_fixture import EPOCH, STRANGE
from tests.unit.lines import Far


class Read(Far):
    """Whether it is read on."""

    reading = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Log:
    """Confirms when it is told to."""

    def __init__(self) -> None:
        self.confirms = asyncio.Event()
        self.texts: list[str] = []

    async def message(self, _: str, __: str, text: str, ___: str | None) -> Sent:
        self.texts.append(text)
        return Sent(STRANGE, self._confirmed())

    async def _confirmed(self) -> Position:
        await self.confirms.wait()
        return Position(EPOCH, 0, 1)


def hearing(line: Read, log: Log) -> Hearing:
    socket = Socket("ana", Outbox(line, 1_000, 100_000), OffsetTracker())
    nothing = cast("Any", None)
    return Hearing(line, socket, Inbox(socket, cast("Any", log), nothing, nothing), max_frame=1_000)


def said(number: int) -> str:
    return orjson.dumps({"type": "message", "conversationId": STRANGE, "text": f"{number}"}).decode()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_nothing_is_handled_before_the_greeting() -> None:
    line, log = Read(), Log()
    heard = hearing(line, log)
    heard.hear(said(1))
    heard.hear("nonsense")
    await settled()
    assert (line.reading, line.written, log.texts) == (False, [], [])
    heard.open()
    await settled()
    assert (line.reading, len(line.written), log.texts) == (True, 1, ["1"])


async def test_who_says_more_than_is_answered_is_not_read_until_it_is() -> None:
    line, log = Read(), Log()
    heard = hearing(line, log)
    heard.open()
    for number in range(200):
        heard.hear(said(number))
    await settled()
    assert (line.reading, len(log.texts)) == (False, 128)
    log.confirms.set()
    await settled()
    assert line.reading
    assert log.texts == [f"{number}" for number in range(200)]
    assert len(line.written) == 200
