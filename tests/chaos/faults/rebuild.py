"""The read models are made anew, in place and under load: until they are, the store is behind what everybody
was told, and most of what anybody asks for is not there."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import psycopg

from tests.chaos.cluster.processes import Cluster
from tests.chaos.faults.fault import Fault

_EMPTY = "truncate journal_personal, journal, messages, members, conversations, progress"


def rebuilt() -> Iterator[Fault]:
    yield emptied()
    yield emptied(lasts=2.0)


def emptied(lasts: float = 0.0) -> Fault:
    """No projector is there for so long."""

    @asynccontextmanager
    async def inject(cluster: Cluster) -> AsyncIterator[None]:
        async with AsyncExitStack() as absences:
            for name in ("projector", "projector-2"):
                await absences.enter_async_context(cluster.away(name))
            async with await psycopg.AsyncConnection.connect(cluster.database, autocommit=True) as connection:
                await connection.execute(_EMPTY)
            yield

    return Fault("rebuild", f"read models emptied for {lasts:.0f} s", inject, lasts)
