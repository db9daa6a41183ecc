"""The documentation's example consumer keeps its promises."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shared.contract import codec
from shared.contract.entries import Entry
from shared.kafka import Producer
from shared.log.topics import Topics, TopicSettings, open_log
from tests.fixtures.entry_builders import sent
from tests.fixtures.notifier_processes import free_port

EXAMPLE = Path("docs/examples/consumer.py")


@asynccontextmanager
async def consumer(*arguments: str) -> AsyncIterator[Process]:
    """Runs until the block ends, then is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLE), *arguments, stdout=PIPE, stderr=DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def printed(process: Process, count: int) -> list[str]:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return [(await process.stdout.readline()).decode().rstrip("\n") for _ in range(count)]


@asynccontextmanager
async def publishing(bootstrap: str, topic: str) -> AsyncIterator["Publisher"]:
    producer = Producer(bootstrap, client_id="test")
    await producer.start()
    try:
        yield Publisher(producer, topic)
    finally:
        await producer.stop()


class Publisher:
    def __init__(self, producer: Producer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    async def publish(self, *entries: Entry) -> None:
        for entry in entries:
            await self.put(entry.subject.encode(), codec.encode(entry))

    async def put(self, key: bytes, value: bytes) -> None:
        await (await self._producer.send(self._topic, 0, key, value))


async def test_the_example_prints_each_message_once_and_resumes_at_its_offset(
    kafka_bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = TopicSettings(kafka_bootstrap=kafka_bootstrap, topic_prefix=topic_prefix, partitions=1)
    await open_log(settings)
    topic = Topics.with_prefix(topic_prefix).messages
    arguments = (kafka_bootstrap, topic, str(tmp_path / "remembered.db"))
    first, second, third, fourth = (sent(place, text=f"number {place}") for place in range(1, 5))
    async with publishing(kafka_bootstrap, topic) as publisher:
        async with consumer(*arguments) as process:
            await publisher.publish(first, second, first, second)
            await publisher.put(b"key", b'{"specversion":"1.0","id":"x","type":"chat.unheard.of.v9"}')
            await publisher.publish(third)
            assert await printed(process, 3) == ["alice: number 1", "alice: number 2", "alice: number 3"]
        await publisher.publish(third, fourth)
        async with consumer(*arguments) as process:
            assert await printed(process, 1) == ["alice: number 4"]


async def test_an_error_is_reported_in_one_line(tmp_path: Path) -> None:
    nowhere = (f"127.0.0.1:{free_port()}", "chat.messages", str(tmp_path / "remembered.db"))
    for arguments, reason in (
        (nowhere, b"is Kafka where you say it is?"),
        ((), b"python consumer.py 127.0.0.1"),
    ):
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(EXAMPLE), *arguments, stdout=DEVNULL, stderr=PIPE
        )
        _, stderr = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 1
        assert reason in stderr
        assert b"Traceback" not in stderr


def test_the_example_is_short() -> None:
    assert len(EXAMPLE.read_text().splitlines()) < 40
