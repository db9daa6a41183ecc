"""What a fault is."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from tests.chaos.cluster.cluster import Cluster

Steps = Callable[[Cluster], AsyncIterator[None]]
"""Injects a fault before its `yield` and heals it after: from then on the system recovers by itself."""


@dataclass(frozen=True)
class Fault:
    group: str
    name: str
    steps: Steps
    duration: float = 0.0
    """Seconds between injection and healing."""
    killed_kind: str = ""
    """The kind of process that this fault kills without warning; the report sums up failover by kind."""

    def inject(self, cluster: Cluster) -> AbstractAsyncContextManager[None]:
        """Inject on entering, heal on leaving. Raises TimeoutError when the fault could not be injected."""
        return asynccontextmanager(self.steps)(cluster)

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"
