"""How a chaos run measures recovery."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from tests.chaos.chaos_run import inject_all
from tests.chaos.faults.fault import Fault
from tests.chaos.load.deliveries import Deliveries
from tests.chaos.recovery import NORMAL_LATENCY, Recovery


class StubCluster:
    async def wait_ready(self) -> None:
        pass


CLUSTER: Any = StubCluster()


async def test_a_fault_that_leaves_the_system_slower_does_not_change_the_usual_latency() -> None:
    deliveries, latencies = Deliveries(), []
    load: Any = SimpleNamespace(deliveries=deliveries)

    async def measure(_cluster: object, _load: object, _healed: float, usual: float) -> Recovery:
        latencies.append(usual)
        return Recovery(0, 0, 0)

    async def slow_down(_: object) -> AsyncIterator[None]:
        deliveries.expect("late", "c", asyncio.get_running_loop().time() - 9)
        deliveries.record("late", "ann-a", live=True)
        yield

    results = await inject_all(CLUSTER, [Fault("slow", "slow", slow_down)] * 2, load, measure)
    assert len(results) == 2
    assert latencies == [NORMAL_LATENCY, NORMAL_LATENCY]


async def test_recovery_counts_from_when_healing_begins() -> None:
    times = []
    load: Any = SimpleNamespace(deliveries=Deliveries())

    async def measure(_cluster: object, _load: object, healed: float, _: float) -> Recovery:
        times.append(healed)
        return Recovery(0, 0, 0)

    async def heal_slowly(_: object) -> AsyncIterator[None]:
        times.append(asyncio.get_running_loop().time())
        yield
        await asyncio.sleep(0.5)

    await inject_all(CLUSTER, [Fault("slow", "slow", heal_slowly)], load, measure)
    assert times[1] - times[0] < 0.2
