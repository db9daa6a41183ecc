"""Processes that exit between two steps of their work."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext

from tests.chaos.cluster.cluster import Cluster
from tests.chaos.faults.fault import Fault
from tests.chaos.faults.poison import poison_continuously

FAILPOINTS = {
    "projector": {
        "projector.claimed": 1,
        "projector.buried": 12,
        "projector.loaded": 20,
        "projector.committed": 20,
        "publisher.confirmed": 20,
    },
    "gateway": {
        "gateway.producing": 20,
        "gateway.confirmed": 20,
        "link.up": 2,
        "link.announced": 3,
        "link.asked": 2,
        "gateway.dispatching": 20,
        "session.registered": 5,
        "session.greeted": 5,
        "session.page": 5,
        "session.caught_up": 5,
    },
    "notifier": {
        "notifier.assigned": 1,
        "notifier.acknowledged": 5,
        "notifier.replayed": 1,
        "notifier.told": 20,
        "notifier.committing": 3,
        "notifier.committed": 3,
    },
}
"""All failpoints of each kind of process; how often it passes each at least while there is load."""
PRECONDITIONS: Mapping[str, Callable[[Cluster], AbstractAsyncContextManager[None]]] = {
    "projector.buried": poison_continuously
}
"""What must go on for a process to reach a failpoint at all."""
REACH_TIMEOUT = 30.0
"""Seconds."""


def exits_at_failpoints(rng: random.Random) -> Iterator[Fault]:
    for kind, failpoints in FAILPOINTS.items():
        for failpoint, passes in failpoints.items():
            yield exit_at_failpoint(rng.choice((kind, f"{kind}-2")), failpoint, rng.randint(1, passes))


def exit_at_failpoint(name: str, failpoint: str, count: int) -> Fault:
    """The process exits when it reaches the failpoint for the `count`th time."""

    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        process = await cluster.respawn(name, env={"FAILPOINT": f"{failpoint}:{count}"})
        async with asyncio.timeout(REACH_TIMEOUT), PRECONDITIONS.get(failpoint, nullcontext)(cluster):
            await cluster.wait_exited(process)
        yield

    return Fault("failpoint", f"{name} dies at {failpoint}", steps)
