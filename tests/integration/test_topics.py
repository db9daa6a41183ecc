"""The topics that the set-up job creates."""

import asyncio
import json
import os
import sys
import time
from contextlib import AsyncExitStack
from typing import Any
from unittest.mock import ANY

import pytest
from aiokafka import AIOKafkaProducer

from shared.kafka import TopicReader, TopicSpec
from shared.kafka.admin import create_topics, describe_topics
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


ETERNAL = {"retention.ms": "-1", "cleanup.policy": "delete"}
LARGE = {"max.message.bytes": "4000000"}


async def _topics_job(settings: TopicSettings) -> tuple[int | None, list[dict[str, Any]]]:
    """Return the exit status and what was logged, apart from `kafka.…`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shared.log.topics"),
        env={
            **os.environ,
            "KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
            "TOPIC_PREFIX": settings.topic_prefix,
            "PARTITIONS": str(settings.partitions),
        },
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(90):
        output, _ = await process.communicate()
    return process.returncode, [json.loads(line) for line in output.splitlines()]


@pytest.mark.parametrize(
    ("topic", "partitions", "config", "advice"),
    [
        ("events", 3, ETERNAL, "set PARTITIONS=3"),
        ("messages", 1, LARGE, "set PARTITIONS=1"),
        ("events", 2, {"retention.ms": "604800000"}, "--add-config retention.ms=-1"),
        ("events", 2, ETERNAL | {"retention.bytes": "1000000"}, "--add-config retention.bytes=-1"),
        ("events", 2, ETERNAL | {"cleanup.policy": "compact"}, "--add-config cleanup.policy=delete"),
        ("epoch", 1, {"retention.ms": "604800000"}, "--add-config retention.ms=-1"),
        ("messages", 2, LARGE | {"cleanup.policy": "compact"}, "--add-config cleanup.policy=delete"),
        ("messages", 2, {"max.message.bytes": "1000000"}, "--add-config max.message.bytes=3145728"),
    ],
)
async def test_a_topic_that_would_lose_records_is_refused_with_one_line_that_says_what_to_do(
    kafka_bootstrap: str, topic_prefix: str, topic: str, partitions: int, config: dict[str, str], advice: str
) -> None:
    settings = TopicSettings(kafka_bootstrap=kafka_bootstrap, topic_prefix=topic_prefix, partitions=2)
    name = getattr(Topics.with_prefix(topic_prefix), topic)
    await create_topics(settings, [TopicSpec(name, partitions, config)], 1)
    status, (line,) = await _topics_job(settings)
    assert (status, line["event"]) == (1, "topics.failed")
    assert name in line["reason"]
    assert advice in line["reason"]


async def test_topics_that_an_operator_made_are_accepted_as_they_are(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    settings = TopicSettings(kafka_bootstrap=kafka_bootstrap, topic_prefix=topic_prefix, partitions=2)
    topics = Topics.with_prefix(topic_prefix)
    made = [
        TopicSpec(topics.events, 2, ETERNAL | {"segment.bytes": "100000000"}),
        TopicSpec(topics.messages, 2, LARGE | {"retention.ms": "86400000"}),
        TopicSpec(topics.epoch, 1, ETERNAL),
        TopicSpec(topics.dead_letters, 3, LARGE),
    ]
    await create_topics(settings, made, 1)
    assert [await _topics_job(settings) for _ in range(2)] == [(0, ANY)] * 2
    found = await describe_topics(settings, [spec.name for spec in made])
    for spec in made:
        assert found[spec.name].partitions == spec.partitions
        assert spec.config.items() <= found[spec.name].config.items(), "unchanged"


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
