from collections.abc import AsyncIterator

import pytest

from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway


@pytest.fixture(scope="session")
async def gateway() -> AsyncIterator[GatewayFixture]:
    """One gateway for all tests that leave it as it was; each takes users of its own."""
    async with run_gateway() as gateway:
        yield gateway


@pytest.fixture
async def own_gateway() -> AsyncIterator[GatewayFixture]:
    """One for a test that takes something away."""
    async with run_gateway() as gateway:
        yield gateway
