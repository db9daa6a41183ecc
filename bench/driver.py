"""The process that sends and receives: `python -m bench.driver`, a Plan on its input, then Rounds.

Each line in is answered by a line out: `ready` for the plan, a Report for a round. It ends with its input.
What it does per frame is little (picows calls back with the bytes, orjson reads them), so that it is not what
is measured; how late it sends, and what CPU it takes, is measured too.
"""

import asyncio
import sys
import time
from typing import Any
from urllib.parse import quote

import orjson
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.alarm import Alarm
from bench.plan import Plan, Report, Round
from bench.schedule import Sending, schedule
from bench.tally import Tally

_TEXT = "The quick brown fox jumps over the lazy dog, and nobody minds. " * 2
_STRAGGLERS = 10.0
"""Seconds after the last sending within which everything must have come."""


class Socket(WSListener):
    """One user's."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.synced = asyncio.Event()
        self.tally: Tally | None = None
        self._transport: WSTransport | None = None

    def send(self, frame: bytes) -> None:
        assert self._transport is not None
        self._transport.send(WSMsgType.TEXT, frame)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self._told(orjson.loads(frame.get_payload_as_memoryview()), time.monotonic())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self.tally:
            self.tally.closed()

    def _told(self, frame: dict[str, Any], now: float) -> None:
        tally = self.tally
        match frame["type"]:
            case "message" if tally:
                tally.delivered(
                    self.user, frame["conversationId"], frame.get("clientId", ""), frame["seq"], now
                )
            case "accepted" if tally:
                tally.accepted(frame.get("clientId", ""), now)
            case "error" | "rejected" if tally:
                tally.refused(frame.get("clientId", ""))
            case "synced":
                self.synced.set()


class Driver:
    """All sockets of its share, and the rounds over them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._conversations = [pair.conversation for pair in plan.pairs]
        mine = plan.pairs[plan.share :: plan.shares]
        self._sockets = {user: Socket(user) for pair in mine for user in (pair.a, pair.b)}

    async def connect(self) -> None:
        """Returns once every socket is synced; raises when one is not within 30 s."""
        async with asyncio.timeout(30):
            for user, socket in self._sockets.items():
                url = f"{self._plan.socket}{quote(user, safe='')}"
                await ws_connect(lambda socket=socket: socket, url)
            await asyncio.gather(*(socket.synced.wait() for socket in self._sockets.values()))

    async def play(self, asked: Round) -> Report:
        """Sends as scheduled, and waits for what is on its way."""
        plan = self._plan
        everything = schedule(asked.rate, asked.seconds, len(plan.pairs), asked.seed)
        mine = [sending for sending in everything if sending.pair % plan.shares == plan.share]
        tally = Tally(asked.model_copy(update={"name": f"{asked.name}.{plan.share}"}), plan.pairs, mine)
        for socket in self._sockets.values():
            socket.tally = tally
        await self._send(asked.begin, mine, tally)
        deadline = time.monotonic() + _STRAGGLERS
        while not tally.complete and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)  # what comes twice comes now
        return tally.report()

    async def _send(self, begin: float, sendings: list[Sending], tally: Tally) -> None:
        alarm = Alarm()
        for number, sending in enumerate(sendings):
            if begin + sending.at > time.monotonic():
                await alarm.until(begin + sending.at)
            elif number % 16 == 0:
                await asyncio.sleep(0)  # late: still read what comes in
            pair = self._plan.pairs[sending.pair]
            frame = {
                "type": "message",
                "conversationId": self._conversations[sending.pair],
                "text": _TEXT,
                "clientId": tally.name(number),
            }
            self._sockets[pair.a if sending.by_a else pair.b].send(orjson.dumps(frame))
            tally.sent(number, time.monotonic())
        alarm.close()


async def _run() -> None:
    driver = Driver(Plan.model_validate_json(sys.stdin.readline()))
    await driver.connect()
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        report = await driver.play(Round.model_validate_json(line))
        print(report.model_dump_json(), flush=True)


if __name__ == "__main__":
    uvloop.run(_run())
