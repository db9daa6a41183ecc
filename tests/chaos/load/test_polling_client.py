"""The pages of a polling client are recorded and checked like the frames of a connection."""

import asyncio
import random
from typing import Any

import pytest

from tests.chaos.checker.checker import Invariant, check, violated
from tests.chaos.checker.example_history import END, Example, cursor_at, example
from tests.chaos.load import rest_client
from tests.chaos.load.context import LoadContext
from tests.chaos.load.polling_client import PollingClient
from tests.chaos.load.population import Population
from tests.chaos.load.scripted_gateway import scripted_gateway

POPULATION = Population.of(1, "t", 4)


async def _poll(case: Example, *responses: tuple[int, dict[str, Any]]) -> set[Invariant]:
    """What is violated when bob polls the example's end and gets these responses."""
    left = list(responses)
    async with scripted_gateway(left) as gateway, rest_client.session() as http:
        context = LoadContext(POPULATION, [gateway], random.Random(1), http, case.history)
        polling = asyncio.create_task(PollingClient("bob", context).run())
        async with asyncio.timeout(20):
            while left:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        polling.cancel()
    return violated(check(*case))


@pytest.fixture
def case() -> Example:
    return example()


def _page(case: Example, begin: int, end: int, up_to: int) -> tuple[int, dict[str, Any]]:
    entries = case.final_state.syncs["bob"][begin:end]
    return 200, {"entries": entries, "cursor": cursor_at("bob", up_to), "hasMore": up_to < END}


async def test_consecutive_pages_are_valid(case: Example) -> None:
    assert await _poll(case, _page(case, 0, 3, 4), (503, {}), _page(case, 3, 4, END)) == set()


async def test_an_entry_missing_between_two_pages_is_detected(case: Example) -> None:
    pages = _page(case, 0, 2, 4), _page(case, 3, 4, END)
    assert await _poll(case, *pages) == {Invariant.NOTHING_MISSED}


async def test_an_entry_in_two_pages_is_detected(case: Example) -> None:
    pages = _page(case, 0, 3, 4), _page(case, 2, 4, END)
    assert await _poll(case, *pages) == {Invariant.CURSOR_EXACT, Invariant.CONNECTION_ORDER}


async def test_a_rejected_valid_cursor_is_detected(case: Example) -> None:
    pages = _page(case, 0, 3, 4), (410, {"code": "cursor_unusable"})
    assert await _poll(case, *pages) == {Invariant.NOTHING_MISSED}
