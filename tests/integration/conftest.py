"""Fixtures of the tests with a real Kafka or PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.read_models import Memory, read_models


@pytest.fixture
async def memory(database_url: str) -> AsyncIterator[Memory]:
    async with read_models(database_url) as made:
        yield made
