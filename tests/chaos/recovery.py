"""How long it takes until all is as before, from the moment in which nothing is wrong any more."""

import asyncio
from collections.abc import Coroutine
from itertools import takewhile
from statistics import median
from typing import NamedTuple

from tests.chaos.cluster.cluster import Cluster
from tests.chaos.cluster.lag import wait_caught_up
from tests.chaos.load.load import Running

PROMISED = 30.0
"""Seconds within which it must be over."""
PATIENCE = 90.0
"""Seconds after which it is given up: more, for machines that are busy with other things."""
SLOWER = 5
"""Times the latency before that count as back to normal; as do QUICK seconds."""
QUICK = 0.25


class Recovery(NamedTuple):
    """Seconds, each from the same moment; PATIENCE means never."""

    delivered: float
    """Until every partition's and every device's next message, begun after that moment, was delivered."""
    level: float
    """Until no reader of the log is behind."""
    quick: float
    """Until half of a second's messages come as quickly as before."""

    @property
    def whole(self) -> float:
        return max(self)

    @property
    def in_time(self) -> bool:
        return self.whole <= PROMISED


def usual(running: Running) -> float:
    """Seconds that half of the last messages took at most."""
    return median(running.deliveries.latencies(2.0) or [QUICK])


async def recovery(cluster: Cluster, running: Running, moment: float, before: float) -> Recovery:
    """Blocks until it is over; `moment` on the loop's clock, `before` as `usual` was."""
    zero = asyncio.create_task(_within(moment, wait_caught_up(cluster)))
    delivered = await _delivered(running, moment)
    quick = await _quick(running, moment, max(SLOWER * before, QUICK))
    return Recovery(delivered, await zero, quick)


async def _delivered(running: Running, moment: float) -> float:
    partition_of = {talk.conversation: talk.partition for talk in running.people.directs}
    waiting: set[int | str] = set(partition_of.values())
    waiting |= {device.name for device in running.activity.devices}
    told, last = len(running.deliveries.all), moment
    while waiting:
        if asyncio.get_running_loop().time() > moment + PATIENCE:
            return PATIENCE
        news, told = running.deliveries.all[told:], len(running.deliveries.all)
        for each in news:
            found = {partition_of.get(each.conversation, ""), each.device} & waiting
            if each.began > moment and found:
                waiting -= found
                last = each.seen
        await asyncio.sleep(0.02)
    return last - moment


async def _quick(running: Running, moment: float, enough: float) -> float:
    loop = asyncio.get_running_loop()
    while (now := loop.time()) < moment + PATIENCE:
        newest_first = takewhile(lambda each: each.seen > now - 1, reversed(running.deliveries.all))
        took = [each.seen - each.began for each in newest_first if each.live and each.began > moment]
        if took and median(took) <= enough:
            return now - moment
        await asyncio.sleep(0.05)
    return PATIENCE


async def _within(moment: float, work: Coroutine[None, None, None]) -> float:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout_at(moment + PATIENCE):
            await work
    except TimeoutError:
        return PATIENCE
    return loop.time() - moment
