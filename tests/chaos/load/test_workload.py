"""How clients react to responses of a scripted gateway, over REST alone."""

import asyncio
import random
from collections.abc import Sequence

import pytest

from tests.chaos.checker.history import History, Status
from tests.chaos.load import rest_client
from tests.chaos.load.context import LoadContext
from tests.chaos.load.load import Load
from tests.chaos.load.population import Population
from tests.chaos.load.scripted_gateway import Responses, scripted_gateway
from tests.chaos.load.workload import Workload

POPULATION = Population.of(1, "t", 4)


async def _start(statuses: Sequence[int]) -> History:
    """Start one conversation, with these statuses as responses."""
    responses: Responses = [(status, {"id": "c", "code": "a_code"}) for status in statuses]
    async with scripted_gateway(responses) as gateway, rest_client.session() as http:
        context = LoadContext(POPULATION, [gateway], random.Random(1), http)
        workload = Workload(context)
        await workload.start(POPULATION.directs[0])
    assert not responses
    assert not workload.unanswered
    return context.history


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([200], Status.OK),
        ([503, 503, 200], Status.OK),
        ([404], Status.FAILED),
        ([503, 404], Status.INDETERMINATE),
    ],
)
async def test_an_operation_is_retried_until_it_is_answered(statuses: list[int], status: Status) -> None:
    (operation,) = (await _start(statuses)).operations
    assert len(operation.attempts) == len(statuses)
    assert operation.status is status


async def test_a_load_that_fails_is_unsettled() -> None:
    async def fail() -> None:
        raise KeyError("entries")

    async with rest_client.session() as http:
        load = Load(LoadContext(POPULATION, ["http://gateway"], random.Random(1), http))
        load.spawn(fail())
        await asyncio.sleep(0)
        await load.finish()
    assert load.history.unsettled == ["the load failed: KeyError('entries')"]


def test_the_same_seed_gives_the_same_population() -> None:
    assert Population.of(1, "t", 4) == POPULATION
    assert all(len(POPULATION.directs_of(user)) >= 2 for user in POPULATION.users)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("count", [16, 24, 48])
def test_every_partition_has_a_direct_conversation_and_no_pair_has_two(seed: int, count: int) -> None:
    directs = Population.of(seed, f"kill9{seed}", count).directs
    assert {direct.partition for direct in directs} == set(range(12))
    assert len({direct.id for direct in directs}) == len(directs)
