"""How long the system takes to recover, from the moment in which a fault is healed."""

import asyncio
import math
from collections.abc import Callable
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
    catching_up = asyncio.create_task(wait_caught_up(cluster))
    limit = max(MAX_LATENCY_FACTOR * usual, NORMAL_LATENCY)
    seconds = await asyncio.gather(
        _seconds_until(_all_delivered(load, healed), healed),
        _seconds_until(catching_up.done, healed),
        _seconds_until(lambda: _median_latency(load, healed) <= limit, healed),
    )
    if not catching_up.cancel():
        catching_up.result()  # raises the exception that ended it, if any
    return Recovery(*seconds)


def _all_delivered(load: Load, healed: float) -> Callable[[], bool]:
    """Whether the next message of every partition and to every client was delivered."""
    partition_of = {direct.id: direct.partition for direct in load.population.directs}
    waiting: set[int | str] = {*partition_of.values(), *(client.name for client in load.workload.clients)}
    processed = len(load.deliveries.all)

    def condition() -> bool:
        nonlocal processed
        new, processed = load.deliveries.all[processed:], len(load.deliveries.all)
        for delivery in new:
            if delivery.due > healed:
                waiting.difference_update((partition_of.get(delivery.conversation, ""), delivery.client))
        return not waiting

    return condition


def _median_latency(load: Load, healed: float) -> float:
    """Of the live deliveries of the last second that were due after healing."""
    since = asyncio.get_running_loop().time() - 1
    newest_first = takewhile(lambda delivery: delivery.received > since, reversed(load.deliveries.all))
    return median([own.latency for own in newest_first if own.live and own.due > healed] or [math.inf])


async def _seconds_until(condition: Callable[[], bool], healed: float) -> float:
    loop = asyncio.get_running_loop()
    while not condition():
        if loop.time() > healed + RECOVERY_TIMEOUT:
            return RECOVERY_TIMEOUT
        await asyncio.sleep(0.02)
    return loop.time() - healed
