"""A population under load in a house, one fault after the other, and the judgement of it all."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence

from tests.chaos import report as table
from tests.chaos.checker.checker import judge
from tests.chaos.checker.final_state_reader import observe
from tests.chaos.cluster.cluster import House
from tests.chaos.faults.fault import Fault
from tests.chaos.load.admin_client import Backstage
from tests.chaos.load.load import Running, load
from tests.chaos.recovery import PATIENCE, Recovery, recovery, usual
from tests.chaos.run_result import Judged, Suffered

Recovered = Callable[[House, Running, float, float], Coroutine[None, None, Recovery]]

SETTINGS = {"HEARTBEAT_SECONDS": "1"}
"""Sockets hear often where they are, so that they come to rest soon."""
WARM = 2.0
"""Seconds of load before the first fault."""
REST = 0.5
"""Seconds between two faults."""


async def try_out(home: House, faults: Sequence[Fault], seed: int, rate: float, *, users: int = 24) -> Judged:
    """What became of the faults, and of every promise meanwhile."""
    backstage, name = Backstage(home.kafka, home.database), f"{faults[0].group}{seed}"
    async with load(home.gateways, seed, rate, users=users, name=name, backstage=backstage) as running:
        suffered = await suffer(home, faults, running)
        await running.finish()
    seen = await observe(home.gateways[0], backstage, running.ledger)
    operations = len(running.ledger.operations)
    return Judged(faults[0].group, suffered, operations, judge(running.ledger, seen))


async def suffer(
    home: House, faults: Sequence[Fault], running: Running, recovered: Recovered = recovery
) -> list[Suffered]:
    """What is usual is measured once: else each fault might leave things slower than the one before."""
    await asyncio.sleep(WARM)
    before = usual(running)
    return [await _one(home, fault, running, before, recovered) for fault in faults]


async def _one(home: House, fault: Fault, running: Running, before: float, recovered: Recovered) -> Suffered:
    happened, took = await _survived(
        home, fault, lambda: recovered(home, running, asyncio.get_running_loop().time(), before)
    )
    suffered = Suffered(fault.name, took, _wrong(happened, took), fault.kind)
    print(table.told(suffered), file=sys.stderr, flush=True)
    await home.ready()
    await asyncio.sleep(REST)
    return suffered


async def _survived(
    home: House, fault: Fault, recover: Callable[[], Coroutine[None, None, Recovery]]
) -> tuple[bool, Recovery]:
    """Whether it happened, and how long the recovery took: from when it began to be healed, however long that
    takes itself. What is told to end may take its time."""
    happened, recovering = True, None
    try:
        async with fault.inflict(home):
            await asyncio.sleep(fault.lasts)
            recovering = asyncio.create_task(recover())
    except TimeoutError:
        happened = False
    return happened, await (recovering or recover())


def _wrong(happened: bool, took: Recovery) -> str:
    if not happened:
        return "it did not happen"
    never = [what for what, seconds in took._asdict().items() if seconds >= PATIENCE]
    return f"not within {PATIENCE:.0f} s: {', '.join(never)}" if never else ""
