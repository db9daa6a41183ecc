"""One population under load in a cluster, one fault after the other, then the checker."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence

from tests.chaos import report
from tests.chaos.checker.checker import check
from tests.chaos.checker.final_state_reader import read_final_state
from tests.chaos.cluster.cluster import Cluster
from tests.chaos.faults.fault import Fault
from tests.chaos.load.admin_client import Backend
from tests.chaos.load.load import Load, start_load
from tests.chaos.recovery import RECOVERY_TIMEOUT, Recovery, measure_recovery, usual_latency
from tests.chaos.run_result import FaultResult, GroupResult

MeasureRecovery = Callable[[Cluster, Load, float, float], Coroutine[None, None, Recovery]]

SETTINGS = {"HEARTBEAT_SECONDS": "1"}
"""Connections receive cursors often, so that they settle soon."""
WARM_UP = 2.0
"""Seconds of load before the first fault."""
REST = 0.5
"""Seconds between two faults."""


async def run_group(
    cluster: Cluster, faults: Sequence[Fault], seed: int, rate: float, *, users: int = 24
) -> GroupResult:
    backend, group = Backend(cluster.kafka, cluster.database), faults[0].group
    name = f"{group}{seed}"
    async with start_load(cluster.gateways, seed, rate, users=users, name=name, backend=backend) as load:
        results = await inject_all(cluster, faults, load)
        await load.finish()
    history = load.history
    final_state = await read_final_state(cluster.gateways[0], backend, history)
    return GroupResult(group, results, len(history.operations), check(history, final_state))


async def inject_all(
    cluster: Cluster, faults: Sequence[Fault], load: Load, measure: MeasureRecovery = measure_recovery
) -> list[FaultResult]:
    """The usual latency is measured once: else each fault might leave the system slower than the last."""
    await asyncio.sleep(WARM_UP)
    usual = usual_latency(load)
    return [await _inject(cluster, fault, load, usual, measure) for fault in faults]


async def _inject(
    cluster: Cluster, fault: Fault, load: Load, usual: float, measure: MeasureRecovery
) -> FaultResult:
    """Recovery counts from when healing begins, however long a clean shutdown then takes."""

    def start_measuring() -> asyncio.Task[Recovery]:
        return asyncio.create_task(measure(cluster, load, asyncio.get_running_loop().time(), usual))

    error, measuring = "", None
    try:
        async with fault.inject(cluster):
            await asyncio.sleep(fault.duration)
            measuring = start_measuring()
    except TimeoutError:
        error = "not injected"
    recovery = await (measuring or start_measuring())
    if never := [what for what, seconds in recovery._asdict().items() if seconds >= RECOVERY_TIMEOUT]:
        error = error or f"not within {RECOVERY_TIMEOUT:.0f} s: {', '.join(never)}"
    result = FaultResult(fault.name, recovery, error, fault.killed_kind)
    print(report.line(result), file=sys.stderr, flush=True)
    await cluster.wait_ready()
    await asyncio.sleep(REST)
    return result
