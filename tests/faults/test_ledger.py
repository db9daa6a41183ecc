"""What the ledger makes of what was written down."""

import asyncio

import pytest

from tests.faults.deliveries import Deliveries
from tests.faults.ledger import Answer, Connection, Operation, Status


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
    operation = Operation("send", "ann", "c", answers=[Answer("gateway", each) for each in answers])
    assert operation.status is status


def test_a_device_goes_on_where_it_was_told_last() -> None:
    connection = Connection("ann", "ann-a", "gateway", "came")
    assert connection.last_cursor == "came"
    connection.frames += [{"type": "hello", "cursor": "came"}, {"type": "cursor", "cursor": "later"}]
    connection.frames += [{"type": "message"}, {"type": "cursor", "cursor": None}]
    assert connection.last_cursor == "later"


async def test_the_next_delivery_is_of_a_message_that_began_after_the_moment() -> None:
    deliveries, now = Deliveries(), asyncio.get_running_loop().time()
    for text, began in (("before", now - 1), ("after", now + 1)):
        deliveries.begin(text, "c", began)
    deliveries.see("before", "ann-a", live=True)
    waiting = asyncio.create_task(deliveries.next_after(now))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    deliveries.see("after", "ann-a", live=False)
    assert await waiting > 0
    assert len(deliveries.latencies()) == 1


async def test_a_message_that_a_device_sees_again_is_delivered_once() -> None:
    deliveries = Deliveries()
    deliveries.begin("text", "c", 0.0)
    for device in ("ann-a", "ann-b", "ann-a"):
        deliveries.see("text", device, live=True)
    assert [each.device for each in deliveries.all] == ["ann-a", "ann-b"]
