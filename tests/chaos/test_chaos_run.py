"""What an ordeal takes for usual."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from tests.chaos.chaos_run import inject_all
from tests.chaos.faults.fault import Fault
from tests.chaos.load.deliveries import Deliveries
from tests.chaos.recovery import QUICK, Recovery


class Home:
    async def ready(self) -> None:
        pass


HOME: Any = Home()


async def test_a_fault_that_leaves_everything_slower_does_not_make_that_usual() -> None:
    deliveries, told = Deliveries(), []
    running: Any = SimpleNamespace(deliveries=deliveries)

    async def recovered(_home: object, _running: object, _moment: float, before: float) -> Recovery:
        told.append(before)
        return Recovery(0, 0, 0)

    @asynccontextmanager
    async def slow(_: object) -> AsyncIterator[None]:
        deliveries.begin("late", "c", asyncio.get_running_loop().time() - 9)
        deliveries.see("late", "ann-a", live=True)
        yield

    suffered = await inject_all(HOME, [Fault("slow", "slow", slow)] * 2, running, recovered)
    assert len(suffered) == 2
    assert told == [QUICK, QUICK]


async def test_what_takes_its_time_to_end_counts_from_when_it_was_told_to() -> None:
    moments = []

    async def recovered(_home: object, _running: object, moment: float, _: float) -> Recovery:
        moments.append(moment)
        return Recovery(0, 0, 0)

    @asynccontextmanager
    async def slow(_: object) -> AsyncIterator[None]:
        moments.append(asyncio.get_running_loop().time())
        yield
        await asyncio.sleep(0.5)

    running: Any = SimpleNamespace(deliveries=Deliveries())
    await inject_all(HOME, [Fault("slow", "slow", slow)], running, recovered)
    assert moments[1] - moments[0] < 0.2
