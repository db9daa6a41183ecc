"""A population under load in a cluster, one fault after the other, and the judgement of it all."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence

from tests.chaos import report as table
from tests.chaos.checker.checker import check
from tests.chaos.checker.final_state_reader import read_final_state
from tests.chaos.cluster.cluster import Cluster
from tests.chaos.faults.fault import Fault
from tests.chaos.load.admin_client import Backend
from tests.chaos.load.load import Running, load
from tests.chaos.recovery import PATIENCE, Recovery, recovery, usual
from tests.chaos.run_result import FaultResult, GroupResult

Recovered = Callable[[Cluster, Running, float, float], Coroutine[None, None, Recovery]]

SETTINGS = {"HEARTBEAT_SECONDS": "1"}
"""Sockets hear often where they are, so that they come to rest soon."""
WARM = 2.0
"""Seconds of load before the first fault."""
REST = 0.5
"""Seconds between two faults."""


async def run_group(
    cluster: Cluster, faults: Sequence[Fault], seed: int, rate: float, *, users: int = 24
) -> GroupResult:
    """What became of the faults, and of every promise meanwhile."""
    backend, name = Backend(cluster.kafka, cluster.database), f"{faults[0].group}{seed}"
    async with load(cluster.gateways, seed, rate, users=users, name=name, backend=backend) as running:
        suffered = await inject_all(cluster, faults, running)
        await running.finish()
    seen = await read_final_state(cluster.gateways[0], backend, running.history)
    operations = len(running.history.operations)
    return GroupResult(faults[0].group, suffered, operations, check(running.history, seen))


async def inject_all(
    cluster: Cluster, faults: Sequence[Fault], running: Running, recovered: Recovered = recovery
) -> list[FaultResult]:
    """What is usual is measured once: else each fault might leave things slower than the one before."""
    await asyncio.sleep(WARM)
    before = usual(running)
    return [await _one(cluster, fault, running, before, recovered) for fault in faults]


async def _one(
    cluster: Cluster, fault: Fault, running: Running, before: float, recovered: Recovered
) -> FaultResult:
    happened, took = await _survived(
        cluster, fault, lambda: recovered(cluster, running, asyncio.get_running_loop().time(), before)
    )
    suffered = FaultResult(fault.name, took, _wrong(happened, took), fault.kind)
    print(table.told(suffered), file=sys.stderr, flush=True)
    await cluster.ready()
    await asyncio.sleep(REST)
    return suffered


async def _survived(
    cluster: Cluster, fault: Fault, recover: Callable[[], Coroutine[None, None, Recovery]]
) -> tuple[bool, Recovery]:
    """Whether it happened, and how long the recovery took: from when it began to be healed, however long that
    takes itself. What is told to end may take its time."""
    happened, recovering = True, None
    try:
        async with fault.inject(cluster):
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
