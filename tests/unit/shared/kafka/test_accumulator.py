"""Which records are sent at once, and which share a batch."""

import asyncio
from collections.abc import Iterable

import pytest

from shared.kafka import Accumulator, BatchResult, OutgoingRecord, Unconfirmed
from shared.testing.in_memory_kafka import InMemoryLog, InMemoryProducer

TOPIC = "topic"
MOMENT = 0.02


class Broker(InMemoryProducer):
    """Takes `takes` seconds a batch; confirms none while `away`, and takes at most `most` records of one."""

    def __init__(self) -> None:
        super().__init__(InMemoryLog(3))
        self.batches: list[tuple[float, int, list[bytes | None]]] = []
        self.away = False
        self.most = 1_000
        self.takes = 0.0

    async def append_batch(
        self, topic: str, partition: int, records: Iterable[OutgoingRecord]
    ) -> BatchResult:
        began = asyncio.get_running_loop().time()
        offered = list(records)
        self.batches.append((began, partition, [record.value for record in offered]))
        await asyncio.sleep(self.takes)
        if self.away:
            raise Unconfirmed("away")
        return await super().append_batch(topic, partition, offered[: self.most])

    @property
    def values(self) -> list[list[bytes | None]]:
        return [values for _, _, values in self.batches]


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
async def accumulator(broker: Broker) -> Accumulator:
    return Accumulator(broker, TOPIC)


def _record(number: int) -> OutgoingRecord:
    return OutgoingRecord(b"k", b"%d" % number)


async def test_a_single_record_is_sent_at_once(broker: Broker, accumulator: Accumulator) -> None:
    for number in range(3):
        assert await accumulator.append(0, _record(number)) == number
    assert broker.values == [[b"0"], [b"1"], [b"2"]]


async def test_records_of_one_loop_iteration_share_a_batch(broker: Broker, accumulator: Accumulator) -> None:
    offsets = [accumulator.append(0, _record(number)) for number in range(3)]
    assert await asyncio.gather(*offsets) == [0, 1, 2]
    assert broker.values == [[b"0", b"1", b"2"]]


async def test_partitions_go_side_by_side(broker: Broker, accumulator: Accumulator) -> None:
    broker.takes = 0.05
    await asyncio.gather(*(accumulator.append(partition, _record(partition)) for partition in (0, 1, 2)))
    times = [began for began, _, _ in broker.batches]
    assert max(times) - min(times) < 0.04


async def test_a_partition_has_one_batch_under_way_and_keeps_its_order(
    broker: Broker, accumulator: Accumulator
) -> None:
    broker.takes = 3 * MOMENT
    first = accumulator.append(0, _record(0))
    await asyncio.sleep(2 * MOMENT)
    rest = [accumulator.append(0, _record(number)) for number in range(1, 6)]
    await asyncio.sleep(2 * MOMENT / 3)
    assert len(broker.batches) == 1
    assert await asyncio.gather(first, *rest) == list(range(6))
    assert broker.values[1:] == [[b"%d" % number for number in range(1, 6)]]


async def test_records_that_do_not_fit_are_first_in_the_next_batch(
    broker: Broker, accumulator: Accumulator
) -> None:
    broker.most = 2
    offsets = [accumulator.append(0, _record(number)) for number in range(5)]
    assert await asyncio.gather(*offsets) == list(range(5))
    assert broker.values[1:] == [[b"2", b"3", b"4"], [b"4"]]


async def test_what_was_not_confirmed_fails_with_all_that_waits_behind_it_and_later_ones_do_not(
    broker: Broker, accumulator: Accumulator
) -> None:
    broker.away, broker.takes = True, 2 * MOMENT
    offsets = [accumulator.append(0, _record(0))]
    await asyncio.sleep(MOMENT)
    offsets.append(accumulator.append(0, _record(1)))
    results = await asyncio.gather(*offsets, return_exceptions=True)
    assert [type(result) for result in results] == [Unconfirmed, Unconfirmed]
    assert len(broker.batches) == 1
    broker.away = False
    assert await accumulator.append(0, _record(2)) == 0


async def test_a_record_queued_too_long_fails_without_being_sent(
    broker: Broker, accumulator: Accumulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.kafka.accumulator._QUEUE_TIMEOUT", 3 * MOMENT)
    broker.takes, broker.most = 2 * MOMENT, 1
    offsets = [accumulator.append(0, _record(number)) for number in range(6)]
    results = await asyncio.gather(*offsets, return_exceptions=True)
    assert results[:2] == [0, 1]
    assert {type(result) for result in results[3:]} == {Unconfirmed}
    assert await accumulator.append(0, _record(6)) == len(broker.batches) - 1


async def test_nothing_waits_for_a_broker_that_is_not_there(accumulator: Accumulator, broker: Broker) -> None:
    broker.is_ready = False
    with pytest.raises(Unconfirmed):
        accumulator.append(0, _record(0))


async def test_a_cancelled_append_does_not_affect_the_others(
    broker: Broker, accumulator: Accumulator
) -> None:
    broker.takes = MOMENT
    offsets = [accumulator.append(0, _record(number)) for number in range(3)]
    offsets[1].cancel()
    assert [await offsets[0], await offsets[2]] == [0, 2]
