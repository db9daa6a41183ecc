"""Every kind of network fault between each two processes that are connected; needs
`start_cluster(proxied=True)`."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from tests.chaos.cluster.cluster import Cluster
from tests.chaos.faults.fault import Fault
from tests.chaos.proxy.tcp_relay import Direction, Relay

ROUTES = (
    ("client", "gateway"),
    ("gateway", "notifier"),
    ("gateway", "store"),
    ("gateway", "kafka"),
    ("projector", "kafka"),
    ("notifier", "kafka"),
    ("projector", "postgres"),
    ("store", "postgres"),
)
"""Kinds of processes: source, target."""


class Condition(NamedTuple):
    begin: Callable[[Relay], Awaitable[None] | None]
    duration: float


CONDITIONS: Mapping[str, Condition] = {
    "latency": Condition(lambda relay: relay.delay(0.1, jitter=0.2), 3.0),
    "black hole": Condition(lambda relay: relay.black_hole(), 6.0),
    "black hole upstream": Condition(lambda relay: relay.black_hole(Direction.UPSTREAM), 6.0),
    "black hole downstream": Condition(lambda relay: relay.black_hole(Direction.DOWNSTREAM), 6.0),
    "reset": Condition(lambda relay: relay.reset(), 2.0),
    "refused": Condition(lambda relay: relay.refuse(), 2.0),
    "half-close upstream": Condition(lambda relay: relay.half_close(Direction.UPSTREAM), 0.0),
    "half-close downstream": Condition(lambda relay: relay.half_close(Direction.DOWNSTREAM), 0.0),
}
LONGER_BLACK_HOLES = {("projector", "postgres"): 13.0}
"""Seconds: above the projector's commit timeout of ten."""

LINK_DOWN_SECONDS = 1.0
"""Long enough for entries to be dispatched while there is load."""
LINK_UP_SECONDS = 3.0
"""Long enough for a gateway to connect again and request what it missed."""


def network_faults(rng: random.Random) -> Iterator[Fault]:
    for source, target in ROUTES:
        for condition in CONDITIONS:
            yield network_fault(source, target, condition, rng.choice((1, 2)))


def network_fault(
    source: str, target: str, condition: str, number: int = 1, duration: float | None = None
) -> Fault:
    """On all connections of one process to all processes of kind `target`: of the `number`th process of kind
    `source`, or, for clients, of all to the `number`th target."""
    begin, default = CONDITIONS[condition]
    if condition.startswith("black hole"):
        default = LONGER_BLACK_HOLES.get((source, target), default)

    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        relays = _relays(cluster, source, target, number)
        for relay in relays:
            if (beginning := begin(relay)) is not None:
                await beginning
        try:
            yield
        finally:
            for relay in relays:
                await relay.heal()

    label = f"{condition}, {source} to {target}"
    return Fault("network", label, steps, default if duration is None else duration)


@asynccontextmanager
async def reset_links_continuously(cluster: Cluster) -> AsyncIterator[None]:
    """Reset the links of one gateway, again and again until the block ends. What its notifiers dispatch
    meanwhile is replayed to it."""

    async def reset(relays: list[Relay]) -> None:
        while True:
            for relay in relays:
                relay.reset()
            await asyncio.sleep(LINK_DOWN_SECONDS)
            for relay in relays:
                await relay.heal()
            await asyncio.sleep(LINK_UP_SECONDS)

    relays = _relays(cluster, "gateway", "notifier", 1)
    resetting = asyncio.create_task(reset(relays))
    try:
        yield
    finally:
        resetting.cancel()
        await asyncio.wait([resetting])
        for relay in relays:
            await relay.heal()


def _relays(cluster: Cluster, source: str, target: str, number: int) -> list[Relay]:
    by_process: dict[str, list[Relay]] = {}
    for route, relay in cluster.relays.items():
        if tuple(name.partition("-")[0] for name in route) == (source, target):
            by_process.setdefault(route[1] if source == "client" else route[0], []).append(relay)
    candidates = list(by_process.values())
    return candidates[min(number, len(candidates)) - 1]
