"""Processes that die: by force, by request, between two steps of their work; members that come and go."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext

from tests.faults.fault import Fault, Inflict
from tests.faults.poison import poisoning
from tests.faults.residents import House

SERVICES = ("gateway", "gateway-2", "notifier", "notifier-2", "projector", "projector-2", "store")
EVERYTHING = (*SERVICES, "kafka", "postgres")

FAILPOINTS = {
    "projector": {
        "projector.claimed": 1,
        "projector.dead_lettered": 12,
        "projector.loaded": 20,
        "projector.committed": 20,
        "publisher.confirmed": 20,
    },
    "gateway": {
        "gateway.producing": 20,
        "gateway.confirmed": 20,
        "link.up": 2,
        "link.subscribed": 3,
        "link.replay_requested": 2,
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
        "notifier.dispatched": 20,
        "notifier.committing": 3,
        "notifier.committed": 3,
    },
}
"""Between all steps of each; how often it comes by at least while there is load."""
MEANWHILE: Mapping[str, Inflict] = {"projector.dead_lettered": poisoning}
"""What has to go on for a process to come by at all."""
COMES_BY = 30.0
"""Seconds within which a process must come by its failpoint."""


def killed() -> Iterator[Fault]:
    for name in EVERYTHING:
        yield kill(name)


def kill(name: str, away: float = 0.0) -> Fault:
    """It is started again at once, or only after it was `away` for so many seconds: others have to do."""

    @asynccontextmanager
    async def inflict(house: House) -> AsyncIterator[None]:
        life = house.running[name]
        house.kill(name, away)
        await house.gone(life)
        yield

    for_long = f", away for {away:.0f} s" if away else ""
    return Fault("kill9", f"kill -9 {name}{for_long}", inflict, kind=name.partition("-")[0])


def terminated() -> Iterator[Fault]:
    for name in EVERYTHING:
        yield terminate(name)


def terminate(name: str) -> Fault:
    @asynccontextmanager
    async def inflict(house: House) -> AsyncIterator[None]:
        life = house.running[name]
        house.terminate(name)
        yield
        await house.gone(life)

    asked = "fast shutdown of postgres" if name == "postgres" else f"SIGTERM {name}"
    return Fault("term", asked, inflict)


def quit_postgres() -> Fault:
    @asynccontextmanager
    async def inflict(house: House) -> AsyncIterator[None]:
        life = house.running["postgres"]
        house.quit("postgres")
        yield
        await house.gone(life)

    return Fault("term", "immediate shutdown of postgres", inflict)


def at_failpoints(dice: random.Random) -> Iterator[Fault]:
    for kind, points in FAILPOINTS.items():
        for point, often in points.items():
            yield at_failpoint(dice.choice((kind, f"{kind}-2")), point, dice.randint(1, often))


def at_failpoint(name: str, point: str, count: int) -> Fault:
    """It dies when it comes by for the `count`th time."""

    @asynccontextmanager
    async def inflict(house: House) -> AsyncIterator[None]:
        life = await house.begin_life(name, env={"FAILPOINT": f"{point}:{count}"})
        async with asyncio.timeout(COMES_BY), MEANWHILE.get(point, nullcontext)(house):
            await house.gone(life)
        yield

    return Fault("failpoint", f"{name} dies at {point}", inflict)


def members_come_and_go(dice: random.Random) -> Iterator[Fault]:
    for kind in ("projector", "notifier", "gateway"):
        yield away([dice.choice((kind, f"{kind}-2"))])
    yield away(["projector-2", "notifier-2"])
    yield away(["projector", "notifier", "gateway"])
    yield takes_turns(("projector", "projector-2"))
    yield takes_turns(("notifier", "notifier-2"))


def away(names: Sequence[str], lasts: float = 4.0) -> Fault:
    @asynccontextmanager
    async def inflict(house: House) -> AsyncIterator[None]:
        async with AsyncExitStack() as absences:
            for name in names:
                await absences.enter_async_context(house.away(name))
            yield

    return Fault("rebalance", f"{' and '.join(names)} away", inflict, lasts)


def takes_turns(names: Sequence[str]) -> Fault:
    """One after the other leaves in good order as soon as the one before it is back."""

    @asynccontextmanager
    async def inflict(house: House) -> AsyncIterator[None]:
        for name in (*names, *names):
            await house.restart_with(name)
        yield

    return Fault("rebalance", f"{' and '.join(names)} restarted in turn, twice", inflict)
