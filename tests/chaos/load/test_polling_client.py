"""Whoever follows over REST alone is written down as a socket is, and judged as one."""

import asyncio
import random
from typing import Any

import pytest

from tests.chaos.checker.checker import Invariant, check, violated
from tests.chaos.checker.example_history import END, at, good
from tests.chaos.checker.final_state import FinalState
from tests.chaos.checker.history import History
from tests.chaos.load import rest_client as calls
from tests.chaos.load.polling_client import PollingClient
from tests.chaos.load.scripted_gateway import scripted

Case = tuple[History, FinalState]


async def _followed(case: Case, *answers: tuple[int, dict[str, Any]]) -> set[Invariant]:
    """What is violated when bob, who follows the good story, is answered so."""
    left = list(answers)
    async with scripted(left) as gateway, calls.session() as http:
        following = asyncio.create_task(
            PollingClient("bob", [gateway], case[0], random.Random(1), http).run()
        )
        async with asyncio.timeout(20):
            while left:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        following.cancel()
    return violated(check(*case))


@pytest.fixture
def case() -> Case:
    return good()


def _page(case: Case, begin: int, end: int, upto: int) -> tuple[int, dict[str, Any]]:
    return 200, {
        "entries": case[1].syncs["bob"][begin:end],
        "cursor": at("bob", upto),
        "hasMore": upto < END,
    }


async def test_pages_that_follow_one_another_are_good(case: Case) -> None:
    assert await _followed(case, _page(case, 0, 3, 4), (503, {}), _page(case, 3, 4, END)) == set()


async def test_what_is_left_out_between_two_pages_is_missed(case: Case) -> None:
    assert await _followed(case, _page(case, 0, 2, 4), _page(case, 3, 4, END)) == {Invariant.NOTHING_MISSED}


async def test_what_two_pages_have_is_found(case: Case) -> None:
    pages = _page(case, 0, 3, 4), _page(case, 2, 4, END)
    assert await _followed(case, *pages) == {Invariant.CURSOR, Invariant.SOCKET_ORDER}


async def test_a_good_cursor_that_is_refused_is_found(case: Case) -> None:
    pages = _page(case, 0, 3, 4), (410, {"code": "cursor_unusable"})
    assert await _followed(case, *pages) == {Invariant.NOTHING_MISSED}
