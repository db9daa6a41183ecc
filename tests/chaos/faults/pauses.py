"""Processes that stand still for longer than anybody waits for them, and then go on as if nothing was."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from tests.chaos.cluster.processes import Cluster
from tests.chaos.faults.fault import Fault
from tests.chaos.faults.process_faults import EVERYTHING

LASTS = 6.0
"""Seconds: above both groups' session time-out, the links' and everybody's patience with Kafka, the store."""
LONGER = {"postgres": 13.0}
"""Seconds: the projector waits for a commit for ten. Then it does not know whether it was done, and asks; the
old backend wakes after that."""


def frozen() -> Iterator[Fault]:
    for name in EVERYTHING:
        yield freeze(name)


def freeze(name: str, lasts: float | None = None) -> Fault:
    @asynccontextmanager
    async def inject(cluster: Cluster) -> AsyncIterator[None]:
        cluster.freeze(name)
        try:
            yield
        finally:
            cluster.thaw(name)

    usually = LONGER.get(name, LASTS)
    return Fault("freeze", f"{name} stands still", inject, usually if lasts is None else lasts)
