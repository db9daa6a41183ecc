"""Fixtures of the tests with a real Kafka or PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.read_models import ReadModels, open_read_models


@pytest.fixture
async def read_models(database_url: str) -> AsyncIterator[ReadModels]:
    async with open_read_models(database_url) as read_models:
        yield read_models
