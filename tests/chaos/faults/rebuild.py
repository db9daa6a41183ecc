"""The read models are emptied and rebuilt under load: until then the store lags behind what was delivered,
and most of what clients request is missing."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import psycopg

from tests.chaos.cluster.cluster import Cluster
from tests.chaos.faults.fault import Fault

_EMPTY = "truncate journal_personal, journal, messages, members, conversations, progress"


def rebuilds() -> Iterator[Fault]:
    yield rebuild()
    yield rebuild(duration=2.0)


def rebuild(duration: float = 0.0) -> Fault:
    """`duration`: how long no projector runs."""

    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for name in ("projector", "projector-2"):
                await stack.enter_async_context(cluster.keep_down(name))
            async with await psycopg.AsyncConnection.connect(cluster.database, autocommit=True) as connection:
                await connection.execute(_EMPTY)
            yield

    return Fault("rebuild", f"read models emptied for {duration:.0f} s", steps, duration)
