"""What a history derives from its records."""

import asyncio

import pytest

from tests.chaos.checker.history import Attempt, Connection, Operation, Status
from tests.chaos.load.deliveries import Deliveries


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([], Status.INDETERMINATE),
        ([Status.FAILED], Status.FAILED),
        ([Status.INDETERMINATE, Status.FAILED], Status.INDETERMINATE),
        ([Status.INDETERMINATE, Status.OK], Status.OK),
        ([Status.OK, Status.FAILED], Status.OK),
    ],
)
def test_an_operation_is_ok_after_one_success_and_failed_only_by_all(
    statuses: list[Status], status: Status
) -> None:
    attempts = [Attempt("gateway", status) for status in statuses]
    assert Operation("send", "ann", "c", attempts=attempts).status is status


def test_a_client_resumes_at_its_last_cursor() -> None:
    connection = Connection("ann", "ann-a", "gateway", "resumed")
    assert connection.last_cursor == "resumed"
    connection.frames += [{"type": "hello", "cursor": "resumed"}, {"type": "cursor", "cursor": "later"}]
    connection.frames += [{"type": "message"}, {"type": "cursor", "cursor": None}]
    assert connection.last_cursor == "later"


async def test_only_live_deliveries_count_as_latency() -> None:
    deliveries, now = Deliveries(), asyncio.get_running_loop().time()
    for text, live in (("live", True), ("caught up", False)):
        deliveries.expect(text, "c", now - 1)
        deliveries.record(text, "ann-a", live=live)
    (latency,) = deliveries.latencies()
    assert latency >= 1


async def test_a_message_is_delivered_once_to_each_client() -> None:
    deliveries = Deliveries()
    deliveries.expect("text", "c", 0.0)
    for client in ("ann-a", "ann-b", "ann-a"):
        deliveries.record("text", client, live=True)
    assert [delivery.client for delivery in deliveries.all] == ["ann-a", "ann-b"]
