"""The publisher's queues, and what it publishes after a failure."""

import asyncio
import pickle
from collections.abc import Iterable
from contextlib import suppress

import pytest

from message_store.domain.fold import ConsumedEvent, FoldResult, fold
from message_store.domain.state import States
from message_store.projector.publisher import Publisher
from shared.contract import codec, ids
from shared.kafka import BatchResult, OutgoingRecord
from shared.testing.in_memory_kafka import InMemoryLog, InMemoryProducer
from tests.fixtures import builders

GROUP = ids.group_conversation_id("ann", "g")


class Broker(InMemoryProducer):
    """Cannot take partition 0, and takes its time for partition 1."""

    async def append_batch(
        self, topic: str, partition: int, records: Iterable[OutgoingRecord]
    ) -> BatchResult:
        offered = list(records)
        if partition == 0:
            raise ValueError("broken")
        await asyncio.sleep(0.02)
        return await super().append_batch(topic, partition, offered[:3])


def _folded(partition: int, count: int) -> list[FoldResult]:
    """One batch: a group of 50 is started, and a member sends messages."""
    members = ["ann", *(f"user-{n}" for n in range(49))]
    story = [builders.started(GROUP, members), *(builders.sent(GROUP, "ann") for _ in range(count - 1))]
    states = States({GROUP: None})
    return fold(states, [ConsumedEvent(partition, n, each) for n, each in enumerate(story)])


def _publisher(log: InMemoryLog) -> Publisher:
    publisher = Publisher(Broker(log), "messages", epoch=builders.EPOCH, source="test")
    for partition in range(2):
        publisher.restart(partition)
    return publisher


def test_a_queue_is_no_larger_than_its_estimated_size() -> None:
    publisher = _publisher(InMemoryLog(2))
    publisher.enqueue(_folded(0, 500))
    assert len(pickle.dumps(publisher._queues[0].waiting)) < publisher.backlog(0)


async def test_a_publisher_run_again_after_a_failure_leaves_no_gap() -> None:
    """No task of the round that failed is left to acknowledge what was not sent."""
    log = InMemoryLog(2)
    publisher = _publisher(log)
    publisher.enqueue([*_folded(0, 1), *_folded(1, 6)])
    with pytest.raises(ExceptionGroup):
        await publisher.run()
    publisher.drop(0)
    again = asyncio.create_task(publisher.run())
    await publisher.wait_drained(1)
    again.cancel()
    with suppress(asyncio.CancelledError):
        await again
    published = [codec.decode_entry(record.value).id.split("-")[2] for record in log.topics["messages"][1]]
    assert list(dict.fromkeys(published)) == ["0", "1", "2", "3", "4", "5"]
