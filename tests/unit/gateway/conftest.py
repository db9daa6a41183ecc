from collections.abc import AsyncIterator

import pytest

from tests.unit.gateway.gateway_fixture import House, opened


@pytest.fixture(scope="session")
async def house() -> AsyncIterator[House]:
    """One gateway for all tests that leave it as it was; each takes users of its own."""
    async with opened() as house:
        yield house


@pytest.fixture
async def own_house() -> AsyncIterator[House]:
    """One for a test that takes something away."""
    async with opened() as house:
        yield house
