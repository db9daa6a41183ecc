"""Trouble of every kind between each two processes that talk: `house(proxied=True)`."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from tests.chaos.cluster.processes import House
from tests.chaos.faults.fault import Fault
from tests.chaos.proxy.tcp_relay import Proxy, Way

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


class Trouble(NamedTuple):
    begin: Callable[[Proxy], Awaitable[None] | None]
    lasts: float


TROUBLES: Mapping[str, Trouble] = {
    "latency": Trouble(lambda proxy: proxy.delay(0.1, jitter=0.2), 3.0),
    "black hole": Trouble(lambda proxy: proxy.black_hole(), 6.0),
    "black hole on the way there": Trouble(lambda proxy: proxy.black_hole(Way.UP), 6.0),
    "black hole on the way back": Trouble(lambda proxy: proxy.black_hole(Way.DOWN), 6.0),
    "reset": Trouble(lambda proxy: proxy.reset(), 2.0),
    "refused": Trouble(lambda proxy: proxy.refuse(), 2.0),
    "half-close of the way there": Trouble(lambda proxy: proxy.half_close(Way.UP), 0.0),
    "half-close of the way back": Trouble(lambda proxy: proxy.half_close(Way.DOWN), 0.0),
}
LONGER = {("projector", "postgres"): 13.0}
"""Seconds that a black hole lasts there: the projector waits for a commit for ten."""


def troubles(dice: random.Random) -> Iterator[Fault]:
    for dialling, dialled in PAIRS:
        for trouble in TROUBLES:
            yield between(dialling, dialled, trouble, dice.choice((1, 2)))


def between(dialling: str, dialled: str, trouble: str, which: int = 1, lasts: float | None = None) -> Fault:
    """On one process's every connection to all of the other kind: the `which`th that dials, or of those that
    clients dial."""
    begin, usually = TROUBLES[trouble]
    if trouble.startswith("black hole"):
        usually = LONGER.get((dialling, dialled), usually)

    @asynccontextmanager
    async def inflict(house: House) -> AsyncIterator[None]:
        proxies = _proxies(house, dialling, dialled, which)
        for proxy in proxies:
            if (beginning := begin(proxy)) is not None:
                await beginning
        try:
            yield
        finally:
            for proxy in proxies:
                await proxy.heal()

    return Fault(
        "network", f"{trouble}, {dialling} to {dialled}", inflict, usually if lasts is None else lasts
    )


def _proxies(house: House, dialling: str, dialled: str, which: int) -> list[Proxy]:
    by_kind: dict[str, list[Proxy]] = {}
    for (one, other), proxy in house.proxies.items():
        if (_kind(one), _kind(other)) == (dialling, dialled):
            by_kind.setdefault(other if one == "client" else one, []).append(proxy)
    chosen = list(by_kind.values())
    return chosen[min(which, len(chosen)) - 1]


def _kind(name: str) -> str:
    return name.partition("-")[0]
