"""What a fault is."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from tests.chaos.cluster.processes import Cluster

Injection = Callable[[Cluster], AbstractAsyncContextManager[None]]
"""Within the block it is wrong, after it it is healed: from then on the system has to recover by itself."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong in a cluster."""

    group: str
    name: str
    inject: Injection
    lasts: float = 0.0
    """Seconds; 0: it is over as soon as it has happened."""
    kind: str = ""
    """Of the process that it ends without a word: how soon others take its place is told by kind."""

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"
