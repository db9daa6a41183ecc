"""The behaviour of a real consumer group's members that Parley relies on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from shared.kafka import Consumer, TopicSpec
from shared.kafka.admin import create_topics

PARTITIONS = 4
LONG = 60.0
"""Seconds; a session time-out longer than any test."""

Join = Callable[[float], Consumer]


@pytest.fixture
async def join(kafka_bootstrap: str, topic_prefix: str) -> AsyncIterator[Join]:
    """A new member, not started yet, of a group over a topic of its own."""
    topic = f"{topic_prefix}members"
    await create_topics(kafka_bootstrap, [TopicSpec(topic, PARTITIONS)], 1)
    async with AsyncExitStack() as stack:

        def member(session: float) -> Consumer:
            consumer = Consumer(kafka_bootstrap, topic, topic, client_id="test", session_timeout=session)
            stack.push_async_callback(consumer.stop)
            return consumer

        yield member


async def _has(member: Consumer, count: int) -> None:
    """Poll until the member has so many partitions."""
    async with asyncio.timeout(LONG / 2):
        while len(member.partitions) != count:
            await member.poll(1, 0.05)


async def test_a_leaving_members_partitions_are_reassigned_at_once(join: Join) -> None:
    """Without waiting for a session time-out: a rolling restart must not cost one."""
    one, two = join(LONG), join(LONG)
    await one.start()
    await _has(one, PARTITIONS)
    await two.start()
    await asyncio.gather(_has(one, PARTITIONS // 2), _has(two, PARTITIONS // 2))
    await one.stop()
    await _has(two, PARTITIONS)


async def test_a_session_that_the_broker_refuses_is_named(join: Join) -> None:
    member = join(0.01)
    await member.start()
    with pytest.raises(RuntimeError, match=r"refuses SESSION_TIMEOUT.*group\.min\.session\.timeout\.ms"):
        await _has(member, PARTITIONS)
