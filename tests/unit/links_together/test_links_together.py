"""Whatever fails between gateway and notifiers: each client receives its entries once and in order, no cursor
covers more or less than was sent, and no user counts as a member after their removal was delivered."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.live import replay_buffer
from tests.unit.links_together.simulated_log import PARTITIONS
from tests.unit.links_together.simulated_network import SimulatedNetwork
from tests.unit.links_together.simulated_notifier import settled

NOTIFIERS, USERS = 2, ("ana", "ben", "cy")
MAX_BUFFER_CHARACTERS = 4_000  # about six entries

Step = Callable[[SimulatedNetwork], Awaitable[None] | None]

partition, notifier = st.integers(0, PARTITIONS - 1), st.integers(0, NOTIFIERS - 1)
audience = st.sets(st.sampled_from(USERS), min_size=1).map(sorted)
few, many = st.integers(0, 8), st.sampled_from([1, 2, 5, 1_000])


def _fold(partition: int, audience: list[str]) -> Step:
    return lambda network: network.log.fold(partition, audience)


def _publish(partition: int, audience: list[str], again: int) -> Step:
    def step(network: SimulatedNetwork) -> None:
        network.log.fold(partition, audience)
        network.log.publish(partition, again)

    return step


def _change(partition: int, user: str, audience: list[str]) -> Step:
    """Remove the user, or add one who is not a member, while their membership is being checked."""

    async def step(network: SimulatedNetwork) -> None:
        network.write(partition, user)
        await settled()
        network.log.change(partition, user, audience)

    return step


def _rebalance(owners: list[int], informed: set[int], overlap: int) -> Step:
    """Reassign the partitions; a notifier that is not informed keeps its own."""

    def step(network: SimulatedNetwork) -> None:
        for notifier in informed:
            network.notifiers[notifier].assign(
                [p for p, owner in enumerate(owners) if owner == notifier], overlap
            )

    return step


def _store(answers: bool) -> Step:
    return lambda network: network.log.answers.set() if answers else network.log.answers.clear()


STEPS = st.one_of(
    st.builds(_publish, partition, audience, st.just(0)),
    st.builds(_publish, partition, audience, few),
    st.builds(_fold, partition, audience),
    st.builds(
        lambda n, p, count: lambda network: network.notifiers[n].consume(p, count), notifier, partition, few
    ),
    st.builds(lambda n: lambda network: network.notifiers[n].dispatcher.send_progress(), notifier),
    st.builds(lambda n: lambda network: network.notifiers[n].commit(), notifier),
    st.builds(
        lambda n, count: lambda network: network.notifiers[n].deliver_to_gateway(count), notifier, many
    ),
    st.builds(
        lambda n, count: lambda network: network.notifiers[n].deliver_to_notifier(count), notifier, many
    ),
    st.builds(lambda n: lambda network: network.notifiers[n].disconnect(), notifier),
    st.builds(lambda n: lambda network: network.notifiers[n].connect(), notifier),
    st.builds(
        _rebalance, st.lists(notifier, min_size=PARTITIONS, max_size=PARTITIONS), st.sets(notifier), few
    ),
    st.builds(lambda p, count: lambda network: network.log.expire(p, count), partition, few),
    st.builds(lambda user: lambda network: network.enter(user), st.sampled_from(USERS)),
    st.builds(lambda number: lambda network: network.leave(number), few),
    st.builds(_store, st.booleans()),
    st.builds(_change, partition, st.sampled_from(USERS), st.just(list[str]()) | audience),
    st.builds(lambda p, user: lambda network: network.write(p, user), partition, st.sampled_from(USERS)),
)


async def run_steps(steps: Iterable[Step], queue_limit: int) -> None:
    network = SimulatedNetwork(NOTIFIERS, queue_limit)
    for user in USERS[:2]:
        network.enter(user)
    await network.heal()
    try:
        for step in steps:
            if (pending := step(network)) is not None:
                await pending
            await network.check_clients()
            network.check_members()
        await network.heal()
        network.assert_complete()
    finally:
        await network.end()


@pytest.fixture(scope="module", autouse=True)
def small_replay_buffers() -> Iterable[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay_buffer, "MAX_CHARACTERS", MAX_BUFFER_CHARACTERS)
        yield


@pytest.mark.parametrize("queue_limit", [1_000_000, 8_000])
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEPS, min_size=10, max_size=60))
def test_no_entry_is_lost_repeated_or_covered_before_it_is_delivered(
    queue_limit: int, steps: list[Step]
) -> None:
    asyncio.run(run_steps(steps, queue_limit))
