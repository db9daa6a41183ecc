"""Many sockets that are dropped and come back; a Gathering, then Spells go in.

Each member of the crowd has one conversation, in which a speaker writes to them; speakers' sockets are never
dropped. A member goes on from the last cursor it was told and expects 1, 2, 3 …, whatever happens. One that
lost its connection without a word dials at once: the worst that clients can do.
"""

import asyncio
import random
import sys
import time
from collections import Counter
from typing import Any
from urllib.parse import quote

import orjson
import uvloop
from picows import WSCloseCode, WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from pydantic import BaseModel

from bench.load.plan import Pair

_SETTLE = 90.0
"""Seconds after which who has not everything has lost it."""


class Gathering(BaseModel):
    home: str
    """URL of a WebSocket, to which the user id is added: where the crowd is at first."""
    refuge: str
    """Where it goes when it loses that."""
    members: int
    speakers: int = 20
    name: str = "member"
    """Of each member, with a number. No other crowd in the same log has it."""

    def pairs(self) -> list[Pair]:
        """Speaker and member."""
        return [
            Pair(a=f"speaker-{number % self.speakers}", b=f"{self.name}-{number:05d}")
            for number in range(self.members)
        ]


class Spell(BaseModel):
    """So long the speakers speak, so many messages a second, to all members in turn."""

    seconds: float
    rate: float


class Return(BaseModel):
    """What a spell was like. Times are in seconds."""

    sent: int
    missing: int
    """Messages that did not come to whom they were for."""
    skipped: int
    """Messages that came before an earlier one."""
    away: int
    """Members that are not back."""
    absences: list[float]
    """From the loss of a connection to `synced` on the next."""
    ends: list[float]
    """When each of these was over, on CLOCK_MONOTONIC."""
    dialled: int
    unanswered: int
    """Of these, those that were given up or refused by TCP."""
    closes: dict[str, int]
    """Closed by a gateway, by code."""
    told: list[float]
    """The delays that gateways asked for."""
    delays: list[float]
    """From when a message was to be sent until its member had it."""


class Member(WSListener):
    def __init__(self, crowd: "Crowd", user: str) -> None:
        self.user = user
        self.seen = 0
        self.synced = asyncio.Event()
        self._crowd = crowd
        self._cursor = ""
        self._lost = 0.0
        self._delay: float | None = None
        self.transport: WSTransport | None = None

    async def dial(self, url: str, delay: float = 0.0) -> None:
        """Until it is connected."""
        while True:
            await asyncio.sleep(delay)
            self._crowd.told.dialled += 1
            try:
                query = f"{quote(self.user)}&cursor={self._cursor}"
                await ws_connect(lambda: self, url + query, websocket_handshake_timeout=15)
            except (OSError, TimeoutError, WSError):
                self._crowd.told.unanswered += 1
                delay = random.uniform(0.2, 1.0)
            else:
                return

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport, self._delay = transport, None

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self._hear(orjson.loads(frame.get_payload_as_memoryview()))
        elif frame.msg_type == WSMsgType.CLOSE:
            self._closed(frame.get_close_code().value, str(frame.get_close_reason() or ""))
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self.synced.is_set():
            self._lost = time.monotonic()
            self.synced.clear()
        if not self._crowd.over:
            self._crowd.busy(self.dial(self._crowd.refuge, self._delay or 0.0))

    def _hear(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "message" if frame["seq"] > self.seen:
                self._crowd.told.skipped += frame["seq"] > self.seen + 1
                self.seen = frame["seq"]
                self._crowd.arrived(self.user, self.seen)
            case "cursor":
                self._cursor = frame["cursor"] or self._cursor
            case "synced":
                self._cursor = frame["cursor"] or self._cursor
                self._back()
            case "reconnect":
                self._delay = frame["afterMs"] / 1e3
                self._crowd.told.told.append(self._delay)
                asyncio.get_running_loop().call_later(self._delay, self._leave)

    def _back(self) -> None:
        self.synced.set()
        if self._lost:
            now = time.monotonic()
            self._crowd.told.absences.append(now - self._lost)
            self._crowd.told.ends.append(now)
            self._lost = 0.0

    def _leave(self) -> None:
        """As it was told to; the delay is over."""
        self._delay = 0.0
        if self.transport is not None:
            self.transport.send_close(WSCloseCode.OK)
            self.transport.disconnect()

    def _closed(self, code: int, reason: str) -> None:
        self._crowd.told.closes[str(code)] = self._crowd.told.closes.get(str(code), 0) + 1
        if reason.startswith("afterMs="):
            self._delay = int(reason.removeprefix("afterMs=")) / 1e3
            self._crowd.told.told.append(self._delay)


class Speaker(WSListener):
    def __init__(self) -> None:
        self.synced = asyncio.Event()
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if not self.synced.is_set() and b'"synced"' in frame.get_payload_as_bytes():
            self.synced.set()

    def say(self, conversation: str, text: str) -> None:
        assert self.transport is not None
        frame = {"type": "message", "conversationId": conversation, "text": text}
        self.transport.send(WSMsgType.TEXT, orjson.dumps(frame))


class Crowd:
    def __init__(self, gathering: Gathering) -> None:
        self.refuge = gathering.refuge
        self.over = False
        self.told = _nothing()
        self._gathering = gathering
        self._pairs = gathering.pairs()
        self._members = [Member(self, pair.b) for pair in self._pairs]
        self._speakers = {pair.a: Speaker() for pair in self._pairs}
        self._sent: Counter[int] = Counter()
        self._due: dict[tuple[str, int], float] = {}
        self._next = 0
        self._busy: set[asyncio.Task[None]] = set()

    def busy(self, dialling: Any) -> None:
        task = asyncio.create_task(dialling)
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def gather(self) -> None:
        """Returns once all are synced; raises when that takes minutes."""
        async with asyncio.timeout(180):
            for user, speaker in self._speakers.items():
                await ws_connect(lambda speaker=speaker: speaker, f"{self.refuge}{user}")
                await speaker.synced.wait()
            for start in range(0, len(self._members), 50):
                some = self._members[start : start + 50]
                await asyncio.gather(*(member.dial(self._gathering.home) for member in some))
                await asyncio.gather(*(member.synced.wait() for member in some))

    def part(self) -> None:
        """All sockets end, and nobody dials again."""
        self.over = True
        everybody: list[Member | Speaker] = [*self._members, *self._speakers.values()]
        for each in everybody:
            if each.transport is not None:
                each.transport.disconnect()

    async def play(self, spell: Spell) -> Return:
        self.told = _nothing()
        begin, count = time.monotonic(), int(spell.seconds * spell.rate)
        for number in range(count):
            due = begin + number / spell.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._speak(due)
        await asyncio.sleep(max(0.0, begin + spell.seconds - time.monotonic()))
        deadline = time.monotonic() + _SETTLE
        while not self._complete() and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self.told.sent, self.told.missing = count, self._missing()
        self.told.away = sum(not member.synced.is_set() for member in self._members)
        return self.told

    def arrived(self, member: str, seq: int) -> None:
        """Member `member` has its message `seq`."""
        self.told.delays.append(time.monotonic() - self._due.pop((member, seq)))

    def _speak(self, due: float) -> None:
        place, self._next = self._next, (self._next + 1) % len(self._pairs)
        pair = self._pairs[place]
        self._sent[place] += 1
        self._due[pair.b, self._sent[place]] = due
        self._speakers[pair.a].say(pair.conversation, f"to {pair.b}")

    def _complete(self) -> bool:
        return not self._missing() and all(member.synced.is_set() for member in self._members)

    def _missing(self) -> int:
        return sum(self._sent[place] - member.seen for place, member in enumerate(self._members))


def _nothing() -> Return:
    return Return(
        sent=0,
        missing=0,
        skipped=0,
        away=0,
        absences=[],
        ends=[],
        dialled=0,
        unanswered=0,
        closes={},
        told=[],
        delays=[],
    )


async def _run() -> None:
    crowd = Crowd(Gathering.model_validate_json(sys.stdin.readline()))
    await crowd.gather()
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        told = await crowd.play(Spell.model_validate_json(line))
        print(told.model_dump_json(), flush=True)
    crowd.part()


if __name__ == "__main__":
    uvloop.run(_run())
