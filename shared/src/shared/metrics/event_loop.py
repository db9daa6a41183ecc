"""How late the event loop runs what is due: everything that a process does waits that long."""

import asyncio
import time

from prometheus_client import Histogram

_INTERVAL_SECONDS = 0.25

_delay = Histogram(
    "event_loop_delay_seconds",
    "How late a timer of the event loop fired, sampled four times a second.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)


async def measure_delay() -> None:
    """Sample until cancelled."""
    while True:
        due = time.perf_counter() + _INTERVAL_SECONDS
        await asyncio.sleep(_INTERVAL_SECONDS)
        _delay.observe(max(0.0, time.perf_counter() - due))
