"""A blocked event loop is measured."""

import asyncio
import time

from prometheus_client import REGISTRY

from shared.metrics.event_loop import measure_delay


async def test_a_call_that_blocks_the_event_loop_counts_as_its_delay() -> None:
    def late() -> float:
        name = "event_loop_delay_seconds_bucket"
        every = REGISTRY.get_sample_value(name, {"le": "+Inf"}) or 0
        return every - (REGISTRY.get_sample_value(name, {"le": "0.05"}) or 0)

    before = late()
    measuring = asyncio.create_task(measure_delay())
    async with asyncio.timeout(10):
        while late() == before:
            time.sleep(0.4)  # noqa: ASYNC251 - blocks on purpose
            await asyncio.sleep(0)
    measuring.cancel()
    await asyncio.wait([measuring])
