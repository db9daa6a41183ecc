"""A process whose clock is off by more than an hour."""

import time
from collections.abc import AsyncIterator, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp

from tests.chaos.cluster.cluster import Cluster
from tests.chaos.faults.fault import Fault

SKEW_SECONDS = 3_700
"""Kafka refuses records that are more than an hour ahead of its own clock."""


def clock_skews() -> Iterator[Fault]:
    for name in ("gateway-2", "projector-2", "notifier-2", "store"):
        for sign in (1, -1):
            yield clock_skew(name, sign * SKEW_SECONDS)


def clock_skew(name: str, seconds: int, duration: float = 4.0) -> Fault:
    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        path = str(Path(__file__).with_name("skewed_clock"))
        await cluster.restart(name, env={"PYTHONPATH": path, "CLOCK_SHIFT": str(seconds)})
        skew = await _measure_skew(cluster.processes[name].ports[0])
        if abs(skew - seconds) > 10:
            raise RuntimeError(f"{name}'s clock is {skew:+.0f} s off")
        yield
        cluster.kill(name)  # it restarts with the right time

    return Fault("clock", f"{name}'s clock is {seconds:+} s off", steps, duration)


async def _measure_skew(port: int) -> float:
    """Seconds by which the clock of the process is ahead."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/healthz") as response,
    ):
        return parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time()
