"""A process whose clock is wrong by more than an hour."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp

from tests.chaos.cluster.processes import Cluster
from tests.chaos.faults.fault import Fault

OFF = 3_700
"""Seconds: Kafka refuses what claims to be more than an hour ahead of its own clock."""


def wrong_clocks() -> Iterator[Fault]:
    for name in ("gateway-2", "projector-2", "notifier-2", "store"):
        for sign in (1, -1):
            yield wrong_clock(name, sign * OFF)


def wrong_clock(name: str, seconds: int, lasts: float = 4.0) -> Fault:
    @asynccontextmanager
    async def inject(cluster: Cluster) -> AsyncIterator[None]:
        path = str(Path(__file__).with_name("skewed_clock"))
        await cluster.restart_with(name, env={"PYTHONPATH": path, "CLOCK_SHIFT": str(seconds)})
        off = await _ahead(cluster.processes[name].ports[0])
        if abs(off - seconds) > 10:
            raise RuntimeError(f"{name}'s clock is {off:+.0f} s off")
        yield
        cluster.kill(name)  # its next life has the right time

    return Fault("clock", f"{name}'s clock is {seconds:+} s off", inject, lasts)


async def _ahead(port: int) -> float:
    """By how many seconds the process thinks that it is later than it is."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/healthz") as answer,
    ):
        return parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time()
