"""Condition of every kind between each two processes that talk: `start_cluster(proxied=True)`."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from tests.chaos.cluster.processes import Cluster
from tests.chaos.faults.fault import Fault
from tests.chaos.proxy.tcp_relay import Direction, Relay

PAIRS = (
    ("client", "gateway"),
    ("gateway", "notifier"),
    ("gateway", "store"),
    ("gateway", "kafka"),
    ("projector", "kafka"),
    ("notifier", "kafka"),
    ("projector", "postgres"),
    ("store", "postgres"),
)
"""By kind: who dials, and who is dialled."""


class Condition(NamedTuple):
    begin: Callable[[Relay], Awaitable[None] | None]
    lasts: float


CONDITIONS: Mapping[str, Condition] = {
    "latency": Condition(lambda proxy: proxy.delay(0.1, jitter=0.2), 3.0),
    "black hole": Condition(lambda proxy: proxy.black_hole(), 6.0),
    "black hole on the way there": Condition(lambda proxy: proxy.black_hole(Direction.UP), 6.0),
    "black hole on the way back": Condition(lambda proxy: proxy.black_hole(Direction.DOWN), 6.0),
    "reset": Condition(lambda proxy: proxy.reset(), 2.0),
    "refused": Condition(lambda proxy: proxy.refuse(), 2.0),
    "half-close of the way there": Condition(lambda proxy: proxy.half_close(Direction.UP), 0.0),
    "half-close of the way back": Condition(lambda proxy: proxy.half_close(Direction.DOWN), 0.0),
}
LONGER = {("projector", "postgres"): 13.0}
"""Seconds that a black hole lasts there: the projector waits for a commit for ten."""


def network_faults(rng: random.Random) -> Iterator[Fault]:
    for dialling, dialled in PAIRS:
        for condition in CONDITIONS:
            yield between(dialling, dialled, condition, rng.choice((1, 2)))


def between(dialling: str, dialled: str, condition: str, which: int = 1, lasts: float | None = None) -> Fault:
    """On one process's every connection to all of the other kind: the `which`th that dials, or of those that
    clients dial."""
    begin, usually = CONDITIONS[condition]
    if condition.startswith("black hole"):
        usually = LONGER.get((dialling, dialled), usually)

    @asynccontextmanager
    async def inject(cluster: Cluster) -> AsyncIterator[None]:
        proxies = _proxies(cluster, dialling, dialled, which)
        for proxy in proxies:
            if (beginning := begin(proxy)) is not None:
                await beginning
        try:
            yield
        finally:
            for proxy in proxies:
                await proxy.heal()

    return Fault(
        "network", f"{condition}, {dialling} to {dialled}", inject, usually if lasts is None else lasts
    )


def _proxies(cluster: Cluster, dialling: str, dialled: str, which: int) -> list[Relay]:
    by_kind: dict[str, list[Relay]] = {}
    for (one, other), proxy in cluster.proxies.items():
        if (_kind(one), _kind(other)) == (dialling, dialled):
            by_kind.setdefault(other if one == "client" else one, []).append(proxy)
    chosen = list(by_kind.values())
    return chosen[min(which, len(chosen)) - 1]


def _kind(name: str) -> str:
    return name.partition("-")[0]
