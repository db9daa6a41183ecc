"""The topics that the set-up job creates."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from aiokafka import AIOKafkaProducer

from shared.kafka import TopicReader
from shared.kafka.admin import create_topics
from shared.log.log_epoch import identify_published
from shared.log.topics import Topics, TopicSettings, open_log, topic_specs

_HOURS = 2 * 3_600_000


@pytest.mark.parametrize("off", [_HOURS, -_HOURS])
async def test_a_writer_whose_clock_is_hours_off_is_not_refused_and_the_broker_s_time_counts(
    kafka_bootstrap: str, topic_prefix: str, off: int
) -> None:
    await open_log(TopicSettings(kafka_bootstrap=kafka_bootstrap, topic_prefix=topic_prefix, partitions=1))
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
    await producer.start()
    try:
        for topic in Topics.with_prefix(topic_prefix):
            now = int(time.time() * 1000)
            written = await producer.send_and_wait(topic, b"{}", partition=0, timestamp_ms=now + off)
            assert abs(written.timestamp - now) < _HOURS // 4
    finally:
        await producer.stop()


async def test_an_epoch_of_a_log_that_is_gone_is_not_that_of_a_new_one(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    """Of the new log only the topics are there; `chat.epoch` holds the old epoch."""
    settings = TopicSettings(kafka_bootstrap=kafka_bootstrap, topic_prefix=topic_prefix, partitions=2)
    topics = Topics.with_prefix(topic_prefix)
    await create_topics(settings, topic_specs(settings), 1)
    await _produce_epoch_of_another_log(settings, topics.epoch)
    async with AsyncExitStack() as stack:
        readers = [TopicReader(settings, topic, client_id="test") for topic in (topics.epoch, topics.events)]
        for reader in readers:
            await reader.start()
            stack.push_async_callback(reader.stop)
        identifying = asyncio.create_task(identify_published(*readers))
        await asyncio.wait([identifying], timeout=1)
        assert not identifying.done()
        epoch = await open_log(settings)
        assert (await identifying).epoch == epoch


async def _produce_epoch_of_another_log(settings: TopicSettings, topic: str) -> None:
    other = settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}old."})
    await open_log(other)
    old = TopicReader(other, Topics.with_prefix(other.topic_prefix).epoch, client_id="test")
    await old.start()
    record = (await old.records_at({0: 0}))[0]
    await old.stop()
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap)
    await producer.start()
    await producer.send_and_wait(topic, record.value, partition=0)
    await producer.stop()
