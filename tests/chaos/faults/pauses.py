"""Processes that are stopped for longer than the timeouts of others, and then continue."""

from collections.abc import AsyncIterator, Iterator

from tests.chaos.cluster.cluster import Cluster
from tests.chaos.faults.fault import Fault
from tests.chaos.faults.kills import ALL_PROCESSES

DURATION = 6.0
"""Seconds: above the session timeout of both groups, and all timeouts of links, of Kafka and of the store."""
LONGER = {"postgres": 13.0}
"""Seconds: above the projector's commit timeout of ten. The projector then does not know whether its commit
succeeded and asks; the old backend resumes after that."""


def pauses() -> Iterator[Fault]:
    for name in ALL_PROCESSES:
        yield pause(name)


def pause(name: str, duration: float | None = None) -> Fault:
    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        cluster.pause(name)
        try:
            yield
        finally:
            cluster.resume(name)

    default = LONGER.get(name, DURATION)
    return Fault("freeze", f"{name} paused", steps, default if duration is None else duration)
