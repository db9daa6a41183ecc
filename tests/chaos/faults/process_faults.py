"""Processes that die: by force, by request, between two steps of their work; members that come and go."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext

from tests.chaos.cluster.processes import Cluster
from tests.chaos.faults.fault import Fault, Injection
from tests.chaos.faults.poison import poisoning

SERVICES = ("gateway", "gateway-2", "notifier", "notifier-2", "projector", "projector-2", "store")
EVERYTHING = (*SERVICES, "kafka", "postgres")

FAILPOINTS = {
    "projector": {
        "projector.claimed": 1,
        "projector.buried": 12,
        "projector.loaded": 20,
        "projector.committed": 20,
        "publisher.confirmed": 20,
    },
    "gateway": {
        "gateway.producing": 20,
        "gateway.confirmed": 20,
        "link.up": 2,
        "link.announced": 3,
        "link.asked": 2,
        "gateway.dispatching": 20,
        "session.registered": 5,
        "session.greeted": 5,
        "session.page": 5,
        "session.caught_up": 5,
    },
    "notifier": {
        "notifier.assigned": 1,
        "notifier.acknowledged": 5,
        "notifier.replayed": 1,
        "notifier.told": 20,
        "notifier.committing": 3,
        "notifier.committed": 3,
    },
}
"""Between all steps of each; how often it comes by at least while there is load."""
MEANWHILE: Mapping[str, Injection] = {"projector.buried": poisoning}
"""What has to go on for a process to come by at all."""
COMES_BY = 30.0
"""Seconds within which a process must come by its failpoint."""


def killed() -> Iterator[Fault]:
    for name in EVERYTHING:
        yield kill(name)


def kill(name: str, away: float = 0.0) -> Fault:
    """It is started again at once, or only after it was `away` for so many seconds: others have to do."""

    @asynccontextmanager
    async def inject(cluster: Cluster) -> AsyncIterator[None]:
        life = cluster.running[name]
        cluster.kill(name, away)
        await cluster.gone(life)
        yield

    for_long = f", away for {away:.0f} s" if away else ""
    return Fault("kill9", f"kill -9 {name}{for_long}", inject, kind=name.partition("-")[0])


def terminated() -> Iterator[Fault]:
    for name in EVERYTHING:
        yield terminate(name)


def terminate(name: str) -> Fault:
    @asynccontextmanager
    async def inject(cluster: Cluster) -> AsyncIterator[None]:
        life = cluster.running[name]
        cluster.terminate(name)
        yield
        await cluster.gone(life)

    asked = "fast shutdown of postgres" if name == "postgres" else f"SIGTERM {name}"
    return Fault("term", asked, inject)


def quit_postgres() -> Fault:
    @asynccontextmanager
    async def inject(cluster: Cluster) -> AsyncIterator[None]:
        life = cluster.running["postgres"]
        cluster.quit("postgres")
        yield
        await cluster.gone(life)

    return Fault("term", "immediate shutdown of postgres", inject)


def at_failpoints(rng: random.Random) -> Iterator[Fault]:
    for kind, points in FAILPOINTS.items():
        for point, often in points.items():
            yield at_failpoint(rng.choice((kind, f"{kind}-2")), point, rng.randint(1, often))


def at_failpoint(name: str, point: str, count: int) -> Fault:
    """It dies when it comes by for the `count`th time."""

    @asynccontextmanager
    async def inject(cluster: Cluster) -> AsyncIterator[None]:
        life = await cluster.begin_life(name, env={"FAILPOINT": f"{point}:{count}"})
        async with asyncio.timeout(COMES_BY), MEANWHILE.get(point, nullcontext)(cluster):
            await cluster.gone(life)
        yield

    return Fault("failpoint", f"{name} dies at {point}", inject)


def members_come_and_go(rng: random.Random) -> Iterator[Fault]:
    for kind in ("projector", "notifier", "gateway"):
        yield away([rng.choice((kind, f"{kind}-2"))])
    yield away(["projector-2", "notifier-2"])
    yield away(["projector", "notifier", "gateway"])
    yield takes_turns(("projector", "projector-2"))
    yield takes_turns(("notifier", "notifier-2"))


def away(names: Sequence[str], lasts: float = 4.0) -> Fault:
    @asynccontextmanager
    async def inject(cluster: Cluster) -> AsyncIterator[None]:
        async with AsyncExitStack() as absences:
            for name in names:
                await absences.enter_async_context(cluster.away(name))
            yield

    return Fault("rebalance", f"{' and '.join(names)} away", inject, lasts)


def takes_turns(names: Sequence[str]) -> Fault:
    """One after the other leaves in good order as soon as the one before it is back."""

    @asynccontextmanager
    async def inject(cluster: Cluster) -> AsyncIterator[None]:
        for name in (*names, *names):
            await cluster.restart_with(name)
        yield

    return Fault("rebalance", f"{' and '.join(names)} restarted in turn, twice", inject)
