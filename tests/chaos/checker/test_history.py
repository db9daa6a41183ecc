"""What the history makes of what was written down."""

import asyncio

import pytest

from tests.chaos.checker.history import Attempt, Connection, Operation, Status
from tests.chaos.load.deliveries import Deliveries


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([], Status.INDETERMINATE),
        ([Status.FAILED], Status.FAILED),
        ([Status.INDETERMINATE, Status.FAILED], Status.INDETERMINATE),
        ([Status.INDETERMINATE, Status.OK], Status.OK),
        ([Status.OK, Status.FAILED], Status.OK),
    ],
)
def test_one_acceptance_is_enough_and_one_silence_leaves_it_open(
    answers: list[Status], status: Status
) -> None:
    operation = Operation("send", "ann", "c", answers=[Attempt("gateway", each) for each in answers])
    assert operation.status is status


def test_a_device_goes_on_where_it_was_told_last() -> None:
    connection = Connection("ann", "ann-a", "gateway", "came")
    assert connection.last_cursor == "came"
    connection.frames += [{"type": "hello", "cursor": "came"}, {"type": "cursor", "cursor": "later"}]
    connection.frames += [{"type": "message"}, {"type": "cursor", "cursor": None}]
    assert connection.last_cursor == "later"


async def test_only_what_came_live_says_how_long_a_delivery_takes() -> None:
    deliveries, now = Deliveries(), asyncio.get_running_loop().time()
    for text, live in (("live", True), ("caught up", False)):
        deliveries.begin(text, "c", now - 1)
        deliveries.see(text, "ann-a", live=live)
    (took,) = deliveries.latencies()
    assert took >= 1


async def test_a_message_that_a_device_sees_again_is_delivered_once() -> None:
    deliveries = Deliveries()
    deliveries.begin("text", "c", 0.0)
    for device in ("ann-a", "ann-b", "ann-a"):
        deliveries.see("text", device, live=True)
    assert [each.device for each in deliveries.all] == ["ann-a", "ann-b"]
