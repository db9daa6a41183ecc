"""The topics as the job makes them."""

import time

import pytest
from aiokafka import AIOKafkaProducer

from shared.log.topics import Topics, TopicSettings, open_log

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
