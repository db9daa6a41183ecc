"""What counts as accepted, refused or failed."""

import asyncio
from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from gateway.commands.outcomes import outcomes_of
from shared.http.problems import Problem
from shared.kafka import Unconfirmed


def counted() -> dict[str, float]:
    def of(outcome: str) -> float:
        labels = {"command": "an_operation", "outcome": outcome}
        return REGISTRY.get_sample_value("gateway_commands_total", labels) or 0.0

    return {outcome: of(outcome) for outcome in ("accepted", "refused", "failed")}


def end_with(error: BaseException | None) -> None:
    with outcomes_of("an_operation"):
        if error is not None:
            raise error


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Problem("not_found", "no such conversation"), "refused"),
        (Problem("invalid", "text: is empty"), "refused"),
        (Problem("unavailable", "membership cannot be checked now"), "failed"),
        (Unconfirmed("no broker"), "failed"),
        (KeyError("a bug"), "failed"),
    ],
)
def test_an_error_counts_as_the_clients_or_as_ours(error: Exception, outcome: str) -> None:
    before = counted()
    with pytest.raises(type(error)):
        end_with(error)
    assert counted() == {**before, outcome: before[outcome] + 1}


def test_a_command_that_ends_well_is_accepted() -> None:
    before = counted()
    end_with(None)
    assert counted() == {**before, "accepted": before["accepted"] + 1}


def test_a_command_whose_caller_left_has_no_outcome() -> None:
    before = counted()
    with pytest.raises(asyncio.CancelledError):
        end_with(asyncio.CancelledError())
    assert counted() == before


def test_all_outcomes_exist_before_the_first_command() -> None:
    outcomes_of("another_operation")
    read: Callable[[str], float | None] = lambda outcome: REGISTRY.get_sample_value(  # noqa: E731
        "gateway_commands_total", {"command": "another_operation", "outcome": outcome}
    )
    assert [read(outcome) for outcome in ("accepted", "refused", "failed")] == [0, 0, 0]
