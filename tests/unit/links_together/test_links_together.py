"""Whatever fails between gateway and notifiers, each client gets what is its, once and in order, no cursor
claims more or less than was sent, and nobody is taken for a member whose removal was told."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.live import replay_buffer
from tests.unit.links_together.memory import PARTITIONS
from tests.unit.links_together.node import settled
from tests.unit.links_together.world import World

NODES, USERS = 2, ("ana", "ben", "cy")
RING = 4_000  # characters: six entries or so

Step = Callable[[World], Awaitable[None] | None]

partition, node = st.integers(0, PARTITIONS - 1), st.integers(0, NODES - 1)
audience = st.sets(st.sampled_from(USERS), min_size=1).map(sorted)
few, many = st.integers(0, 8), st.sampled_from([1, 2, 5, 1_000])


def _fold(partition: int, audience: list[str]) -> Step:
    return lambda world: world.memory.fold(partition, audience)


def _publish(partition: int, audience: list[str], again: int) -> Step:
    def step(world: World) -> None:
        world.memory.fold(partition, audience)
        world.memory.publish(partition, again)

    return step


def _change(partition: int, user: str, audience: list[str]) -> Step:
    """Who wrote just now is removed, or was refused and is added."""

    async def step(world: World) -> None:
        world.write(partition, user)
        await settled()
        world.memory.change(partition, user, audience)

    return step


def _rebalance(owners: list[int], hearing: set[int], back: int) -> Step:
    """Who does not hear of it goes on as before."""

    def step(world: World) -> None:
        for node in hearing:
            world.nodes[node].own([p for p, owner in enumerate(owners) if owner == node], back)

    return step


def _store(answers: bool) -> Step:
    return lambda world: world.memory.answers.set() if answers else world.memory.answers.clear()


STEPS = st.one_of(
    st.builds(_publish, partition, audience, st.just(0)),
    st.builds(_publish, partition, audience, few),
    st.builds(_fold, partition, audience),
    st.builds(lambda n, p, count: lambda world: world.nodes[n].read(p, count), node, partition, few),
    st.builds(lambda n: lambda world: world.nodes[n].switchboard.progress(), node),
    st.builds(lambda n: lambda world: world.nodes[n].commit(), node),
    st.builds(lambda n, count: lambda world: world.nodes[n].deliver(count), node, many),
    st.builds(lambda n, count: lambda world: world.nodes[n].hear(count), node, many),
    st.builds(lambda n: lambda world: world.nodes[n].tear(), node),
    st.builds(lambda n: lambda world: world.nodes[n].dial(), node),
    st.builds(_rebalance, st.lists(node, min_size=PARTITIONS, max_size=PARTITIONS), st.sets(node), few),
    st.builds(lambda p, count: lambda world: world.memory.forget(p, count), partition, few),
    st.builds(lambda user: lambda world: world.enter(user), st.sampled_from(USERS)),
    st.builds(lambda number: lambda world: world.leave(number), few),
    st.builds(_store, st.booleans()),
    st.builds(_change, partition, st.sampled_from(USERS), st.just(list[str]()) | audience),
    st.builds(lambda p, user: lambda world: world.write(p, user), partition, st.sampled_from(USERS)),
)


async def lived_through(steps: Iterable[Step], room: int) -> None:
    world = World(NODES, room)
    for user in USERS[:2]:
        world.enter(user)
    await world.heal()
    try:
        for step in steps:
            if (done := step(world)) is not None:
                await done
            await world.check()
            world.check_members()
        await world.heal()
        world.assert_whole()
    finally:
        await world.end()


@pytest.fixture(scope="module", autouse=True)
def small_ring() -> Iterable[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay_buffer, "RING", RING)
        yield


@pytest.mark.parametrize("room", [1_000_000, 8_000])
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEPS, min_size=10, max_size=60))
def test_nothing_is_lost_told_twice_or_claimed_untold(room: int, steps: list[Step]) -> None:
    asyncio.run(lived_through(steps, room))
