"""The set-up of topics with a slow broker."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import pytest

from shared.kafka import Unconfirmed
from shared.log.topics import Topics, TopicSettings, open_log_with_retries, write_epoch


class Broker:
    """Fails with each of `faults` in turn, then opens the log with the given epoch."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.epochs: list[str] = []

    async def attempt(self, _: TopicSettings, fresh_epoch: str) -> str:
        self.epochs.append(fresh_epoch)
        if self.faults:
            raise self.faults.pop(0)
        return fresh_epoch


async def test_opening_the_log_is_retried_with_the_same_epoch_while_the_broker_is_slow() -> None:
    broker = Broker(TimeoutError(), Unconfirmed())
    epoch = await open_log_with_retries(TopicSettings(), broker.attempt, interval=0)
    assert broker.epochs == [epoch] * 3, "an unconfirmed record may still land: another epoch divides the log"


async def test_a_broker_that_stays_slow_is_given_up() -> None:
    broker = Broker(TimeoutError("Kafka does not answer"))
    with pytest.raises(TimeoutError, match="Kafka does not answer"):
        await open_log_with_retries(TopicSettings(), broker.attempt, give_up_after=0, interval=0)


async def test_topics_of_another_log_are_refused_at_once() -> None:
    broker = Broker(RuntimeError("holds the epochs of several logs"))
    with pytest.raises(RuntimeError, match="several logs"):
        await open_log_with_retries(TopicSettings(), broker.attempt, interval=0)
    assert len(broker.epochs) == 1


class HalfRead:
    """An inspector of a log with a record in partition 0 only; reading that record times out."""

    async def partition_count(self) -> int:
        return 2

    async def end_offsets(self, _: Iterable[int]) -> Mapping[int, int]:
        return {0: 1, 1: 0}

    async def records_at(self, _: Mapping[int, int]) -> Mapping[int, Any]:
        return {}


async def test_no_epoch_is_written_beside_one_that_was_not_read() -> None:
    settings, unused = TopicSettings(partitions=2), cast("Any", None)
    with pytest.raises(TimeoutError, match="could not be read"):
        await write_epoch(settings, Topics.with_prefix(), cast("Any", HalfRead()), unused, "fresh", unused)
