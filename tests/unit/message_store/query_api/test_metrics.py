"""Every query is measured under its name."""

import pytest
from prometheus_client import REGISTRY

from message_store.query_api.metrics import measured
from shared.http.problems import Problem


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_query_that_is_answered_is_measured_and_is_no_failure() -> None:
    @measured
    async def answered(number: int) -> int:
        return number + 1

    before = count("store_query_duration_seconds_count", query="answered")
    assert await answered(1) == 2
    assert count("store_query_duration_seconds_count", query="answered") == before + 1


@pytest.mark.parametrize(("code", "failures"), [("busy", 1), ("not_found", 0)])
async def test_only_what_was_not_answered_is_a_failure(code: str, failures: int) -> None:
    @measured
    async def refused() -> None:
        raise Problem(code, "why")  # type: ignore[arg-type]

    before = count("store_query_failures_total", query="refused", code=code)
    with pytest.raises(Problem):
        await refused()
    assert count("store_query_failures_total", query="refused", code=code) == before + failures
    assert count("store_query_duration_seconds_count", query="refused") > 0
