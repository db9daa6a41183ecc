"""How the clients go on after an answer: over HTTP alone, with a gateway that answers as the test says."""

import asyncio
import random
from collections.abc import Sequence

import pytest

from tests.chaos.checker.history import History, Status
from tests.chaos.load import rest_client as calls
from tests.chaos.load.load import Running
from tests.chaos.load.population import Population
from tests.chaos.load.scripted_gateway import Answers, scripted
from tests.chaos.load.workload import Workload

PEOPLE = Population.of(1, "t", 4)


async def _started(statuses: Sequence[int]) -> History:
    """One start, answered with these statuses in turn."""
    left: Answers = [(status, {"id": "c", "code": "a_code"}) for status in statuses]
    history = History()
    async with scripted(left) as gateway, calls.session() as http:
        activity = Workload(PEOPLE, [gateway], history, random.Random(1), http, repeated=0)
        await activity.start(PEOPLE.directs[0])
    assert not left
    assert not activity.unanswered
    return history


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([200], Status.OK),
        ([503, 503, 200], Status.OK),
        ([404], Status.FAILED),
        ([503, 404], Status.INDETERMINATE),
    ],
)
async def test_an_operation_is_repeated_until_it_is_answered(statuses: list[int], status: Status) -> None:
    (operation,) = (await _started(statuses)).operations
    assert len(operation.answers) == len(statuses)
    assert operation.status is status


async def test_a_load_that_breaks_off_does_not_come_to_rest() -> None:
    async def violated() -> None:
        raise KeyError("entries")

    async with calls.session() as http:
        running = Running(["http://gateway"], PEOPLE, random.Random(1), http, 0, 0)
        running.begin(violated())
        await asyncio.sleep(0)
        await running.finish()
    assert running.history.unsettled == ["the load broke off: KeyError('entries')"]


def test_the_same_seed_gives_the_same_people() -> None:
    assert Population.of(1, "t", 4) == PEOPLE
    assert all(len(PEOPLE.of_user(user)) >= 2 for user in PEOPLE.users)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("count", [16, 24, 48])
def test_somebody_talks_in_every_partition_and_nobody_twice_with_the_same(seed: int, count: int) -> None:
    directs = Population.of(seed, f"kill9{seed}", count).directs
    assert {talk.partition for talk in directs} == set(range(12))
    assert len({talk.conversation for talk in directs}) == len(directs)
