"""Members of consumer groups that leave and return."""

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack

from tests.chaos.cluster.cluster import Cluster
from tests.chaos.faults.fault import Fault


def rebalances(rng: random.Random) -> Iterator[Fault]:
    for kind in ("projector", "notifier", "gateway"):
        yield members_down([rng.choice((kind, f"{kind}-2"))])
    yield members_down(["projector-2", "notifier-2"])
    yield members_down(["projector", "notifier", "gateway"])
    for kind in ("projector", "notifier"):
        yield rolling_restart((kind, f"{kind}-2"))


def members_down(names: Sequence[str], duration: float = 4.0) -> Fault:
    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for name in names:
                await stack.enter_async_context(cluster.keep_down(name))
            yield

    return Fault("rebalance", f"{' and '.join(names)} down", steps, duration)


def rolling_restart(names: Sequence[str]) -> Fault:
    """Each is restarted cleanly as soon as the one before it is ready again."""

    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        for name in (*names, *names):
            await cluster.restart(name)
        yield

    return Fault("rebalance", f"{' and '.join(names)} restarted in turn, twice", steps)
