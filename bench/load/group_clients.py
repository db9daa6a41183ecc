"""The sockets of a group, in a process of its own; a Group, then Rounds go in.

The first member speaks, and everybody hears, the speaker too. Each Round is answered by a Heard.
"""

import asyncio
import sys
import time
from collections.abc import Callable

import uvloop
from pydantic import BaseModel

from bench.load.plan import Round
from bench.load.precise_timer import Alarm
from bench.load.protocols import Line, Wire
from bench.load.protocols.broadcast import Guest
from bench.load.protocols.parley import Socket
from bench.load.schedule import schedule

_LINES: dict[Wire, Callable[[str], Line]] = {"parley": Socket, "stock": Guest}
_AT_ONCE = 20
_STRAGGLERS = 10.0
"""Seconds after the last sending within which everybody must have heard."""


class Group(BaseModel):
    socket: str
    wire: Wire
    users: list[str]
    conversation: str = ""


class Heard(BaseModel):
    """Times are in seconds."""

    sent: int
    frames: int
    lost: int
    doubled: int
    closed: int
    latencies: list[float]
    """From the intended sending to each frame."""
    lateness: list[float]
    """From the intended sending to the actual one."""


class Ears:
    """Everybody's."""

    def __init__(self, name: str, moments: list[float]) -> None:
        self._prefix = f"{name}."
        self._moments = moments
        self._last: dict[str, int] = {}
        self.latencies: list[float] = []
        self.doubled = self.shut = 0

    def delivered(self, user: str, line: str, name: str, seq: int, now: float) -> None:
        if not name.startswith(self._prefix):
            return
        if seq <= self._last.get(user, 0):
            self.doubled += 1
            return
        self._last[user] = seq
        self.latencies.append(now - self._moments[int(name.rpartition(".")[2])])

    def accepted(self, name: str, now: float) -> None:
        pass

    def refused(self, name: str) -> None:
        pass

    def closed(self) -> None:
        self.shut += 1


class Members:
    def __init__(self, group: Group) -> None:
        self._group = group
        self._lines = [_LINES[group.wire](user) for user in group.users]

    async def connect(self) -> None:
        few = asyncio.Semaphore(_AT_ONCE)

        async def one(line: Line) -> None:
            async with few:
                await line.connect(self._group.socket)

        await asyncio.gather(*map(one, self._lines))

    async def play(self, asked: Round) -> Heard:
        """Speaks as scheduled, and waits for what is on its way."""
        moments = [asked.begin + each.at for each in schedule(asked.rate, asked.seconds, 1, asked.seed)]
        ears = Ears(asked.name, moments)
        for line in self._lines:
            line.ear = ears
        lateness = await self._speak(asked.name, moments)
        deadline, wanted = time.monotonic() + _STRAGGLERS, len(moments) * len(self._lines)
        while len(ears.latencies) < wanted and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)  # what comes twice comes now
        return Heard(
            sent=len(moments),
            frames=len(ears.latencies),
            lost=wanted - len(ears.latencies),
            doubled=ears.doubled,
            closed=ears.shut,
            latencies=ears.latencies,
            lateness=lateness,
        )

    async def _speak(self, name: str, moments: list[float]) -> list[float]:
        alarm, late = Alarm(), []
        for number, moment in enumerate(moments):
            if moment > time.monotonic():
                await alarm.until(moment)
            self._lines[0].send(self._group.conversation, "", f"{name}.{number}")
            late.append(time.monotonic() - moment)
        alarm.close()
        return late


async def _run() -> None:
    members = Members(Group.model_validate_json(sys.stdin.readline()))
    await members.connect()
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print((await members.play(Round.model_validate_json(line))).model_dump_json(), flush=True)


if __name__ == "__main__":
    uvloop.run(_run())
