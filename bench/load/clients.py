"""The process that sends and receives: `python -m bench.load.clients`, a Plan on its input, then Rounds.

Each line in is answered by a line out: `ready` for the plan, a Report for a round. It ends with its input.
What it does per frame is little (see `wires`), so that it is not what is measured; how late it sends, and
what CPU it takes, is measured too.
"""

import asyncio
import sys
import time
from collections.abc import Callable

import uvloop

from bench.load.plan import Plan, Report, Round
from bench.load.precise_timer import Alarm
from bench.load.protocols import Line, Wire
from bench.load.protocols.matrix import Client
from bench.load.protocols.parley import Socket
from bench.load.protocols.xmpp import Stream
from bench.load.schedule import Sending, schedule
from bench.load.tally import Tally

_LINES: dict[Wire, Callable[[str], Line]] = {"parley": Socket, "xmpp": Stream, "matrix": Client}
_AT_ONCE = 20
"""Connections that are made at the same time."""
_STRAGGLERS = 10.0
"""Seconds after the last sending within which everything must have come."""


class Driver:
    """All sockets of its share, and the rounds over them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._conversations = plan.conversations or [pair.conversation for pair in plan.pairs]
        mine = plan.pairs[plan.share :: plan.shares]
        users = dict.fromkeys(user for pair in mine for user in (pair.a, pair.b))
        self._lines = {user: _LINES[plan.wire](user) for user in users}

    async def connect(self) -> None:
        """Returns once every line is live; raises when one is not within 30 s."""
        few = asyncio.Semaphore(_AT_ONCE)

        async def one(line: Line) -> None:
            async with few:
                await line.connect(self._plan.socket)

        async with asyncio.timeout(30):
            await asyncio.gather(*map(one, self._lines.values()))

    async def play(self, asked: Round) -> Report:
        """Sends as scheduled, and waits for what is on its way."""
        plan = self._plan
        everything = schedule(asked.rate, asked.seconds, len(plan.pairs), asked.seed)
        mine = [sending for sending in everything if sending.pair % plan.shares == plan.share]
        named = asked.model_copy(update={"name": f"{asked.name}.{plan.share}"})
        tally = Tally(named, plan.pairs, mine, plan.copies)
        for line in self._lines.values():
            line.ear = tally
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
            a, b = (pair.a, pair.b) if sending.by_a else (pair.b, pair.a)
            self._lines[a].send(self._conversations[sending.pair], b, tally.name(number))
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
