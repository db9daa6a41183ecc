"""How long it takes until all is as before, from the moment in which nothing is wrong any more."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from itertools import takewhile
from statistics import median
from typing import NamedTuple

from shared.kafka import partition_for
from tests.faults.clients import Running
from tests.faults.deliveries import Delivery
from tests.faults.house import House
from tests.faults.lag import levelled

PARTITIONS = 12
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


async def recovery(home: House, running: Running, moment: float, before: float) -> Recovery:
    """Blocks until it is over; `moment` on the loop's clock, `before` as `usual` was."""
    zero = asyncio.create_task(_within(moment, levelled(home)))
    delivered = await _delivered(running, moment)
    quick = await _quick(running, moment, max(SLOWER * before, QUICK))
    return Recovery(delivered, await zero, quick)


def _since(running: Running, moment: float) -> list[Delivery]:
    """What was begun after that moment, and seen."""
    newest_first = takewhile(lambda each: each.seen > moment, reversed(running.deliveries.all))
    return [each for each in newest_first if each.began > moment]


async def _delivered(running: Running, moment: float) -> float:
    partitions = {_partition(talk.conversation) for talk in running.people.directs}
    devices = {device.name for device in running.activity.devices}
    while asyncio.get_running_loop().time() < moment + PATIENCE:
        since = _since(running, moment)
        by_partition = _first(since, lambda each: _partition(each.conversation))
        by_device = _first(since, lambda each: each.device)
        if by_partition.keys() >= partitions and by_device.keys() >= devices:
            return max(*by_partition.values(), *by_device.values()) - moment
        await asyncio.sleep(0.05)
    return PATIENCE


def _first(deliveries: Iterable[Delivery], of: Callable[[Delivery], int | str]) -> dict[int | str, float]:
    """When the first of each kind was seen."""
    found: dict[int | str, float] = {}
    for each in deliveries:
        found[of(each)] = min(each.seen, found.get(of(each), each.seen))
    return found


async def _quick(running: Running, moment: float, enough: float) -> float:
    loop = asyncio.get_running_loop()
    while (now := loop.time()) < moment + PATIENCE:
        took = [
            each.seen - each.began for each in _since(running, moment) if each.live and each.seen > now - 1
        ]
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


def _partition(conversation: str) -> int:
    return partition_for(conversation.encode(), PARTITIONS)
