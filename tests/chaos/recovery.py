"""How long the system takes to recover, from the moment in which a fault is healed."""

import asyncio
from collections.abc import Coroutine
from itertools import takewhile
from statistics import median
from typing import NamedTuple

from tests.chaos.cluster.cluster import Cluster
from tests.chaos.cluster.lag import wait_caught_up
from tests.chaos.load.load import Load

MAX_RECOVERY_SECONDS = 30.0
RECOVERY_TIMEOUT = 90.0
"""Seconds; longer, for machines that are busy with other things."""
MAX_LATENCY_FACTOR = 5
"""Above the latency before the fault, this still counts as normal; as does NORMAL_LATENCY."""
NORMAL_LATENCY = 0.25
"""Seconds."""


class Recovery(NamedTuple):
    """Seconds, each from the moment of healing; RECOVERY_TIMEOUT means never."""

    delivered: float
    """Until the next message, due after that moment, of every partition and to every client was delivered."""
    caught_up: float
    """Until no consumer of the log lags."""
    latency_normal: float
    """Until the median latency of a second's messages is as before the fault."""

    @property
    def seconds(self) -> float:
        return max(self)

    @property
    def in_time(self) -> bool:
        return self.seconds <= MAX_RECOVERY_SECONDS


def usual_latency(load: Load) -> float:
    """The median of the last messages, in seconds."""
    return median(load.deliveries.latencies(2.0) or [NORMAL_LATENCY])


async def measure_recovery(cluster: Cluster, load: Load, healed: float, usual: float) -> Recovery:
    """Block until the system has recovered. `healed`: the loop's time; `usual`: the latency before."""
    caught_up = asyncio.create_task(_seconds_until_done(healed, wait_caught_up(cluster)))
    delivered = await _seconds_until_delivered(load, healed)
    latency = await _seconds_until_latency(load, healed, max(MAX_LATENCY_FACTOR * usual, NORMAL_LATENCY))
    return Recovery(delivered, await caught_up, latency)


async def _seconds_until_delivered(load: Load, healed: float) -> float:
    partition_of = {direct.id: direct.partition for direct in load.population.directs}
    waiting: set[int | str] = set(partition_of.values())
    waiting |= {client.name for client in load.workload.clients}
    all_, last = load.deliveries.all, healed
    processed = len(all_)
    while waiting:
        if asyncio.get_running_loop().time() > healed + RECOVERY_TIMEOUT:
            return RECOVERY_TIMEOUT
        new, processed = all_[processed:], len(all_)
        for delivery in new:
            reached = {partition_of.get(delivery.conversation, ""), delivery.client} & waiting
            if delivery.due > healed and reached:
                waiting -= reached
                last = delivery.received
        await asyncio.sleep(0.02)
    return last - healed


async def _seconds_until_latency(load: Load, healed: float, limit: float) -> float:
    loop = asyncio.get_running_loop()
    while (now := loop.time()) < healed + RECOVERY_TIMEOUT:
        newest_first = takewhile(lambda delivery: delivery.received > now - 1, reversed(load.deliveries.all))
        latencies = [own.latency for own in newest_first if own.live and own.due > healed]
        if latencies and median(latencies) <= limit:
            return now - healed
        await asyncio.sleep(0.05)
    return RECOVERY_TIMEOUT


async def _seconds_until_done(healed: float, work: Coroutine[None, None, None]) -> float:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout_at(healed + RECOVERY_TIMEOUT):
            await work
    except TimeoutError:
        return RECOVERY_TIMEOUT
    return loop.time() - healed
