"""The producer while a broker does not answer, and after it answers again."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress

import pytest

from shared.kafka import Producer, RecordPosition, TopicSpec, Unconfirmed
from shared.kafka.admin import create_topics

TIMEOUT = 1.0


class Proxy:
    """A proxy that advertises itself as the broker. While `silent` it takes everything and passes
    on nothing."""

    def __init__(self, broker: str) -> None:
        host, _, port = broker.rpartition(":")
        self.connections = 0
        self.port = 0
        self._host, self._broker_port = host, int(port)
        self._speaking = asyncio.Event()
        self._speaking.set()

    def stop_answering(self) -> None:
        self._speaking.clear()

    def speak(self) -> None:
        self._speaking.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._host, self._broker_port)
        self.connections += 1
        try:
            answering = asyncio.create_task(self._pass(there, writer))
            await self._pass(reader, back)
            answering.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await answering
        finally:
            self.connections -= 1
            for stream in (writer, back):
                stream.close()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(1 << 20):
                await self._speaking.wait()
                sink.write(data.replace(self._place(self._broker_port), self._place(self.port)))
                await sink.drain()

    def _place(self, port: int) -> bytes:
        """The address as the metadata have it."""
        return self._host.encode() + struct.pack(">i", port)


@asynccontextmanager
async def before(broker: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(broker)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        proxy.speak()
        server.close()


async def _ready(producer: Producer) -> None:
    while not producer.is_ready:
        await asyncio.sleep(0.05)


async def _confirmed(sending: Awaitable[Awaitable[RecordPosition]]) -> RecordPosition:
    return await (await sending)


async def test_a_broker_that_falls_silent_costs_one_timeout_and_no_restart(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    topic = topic_prefix + "silent"
    await create_topics(kafka_bootstrap, [TopicSpec(topic, 1)], 1)
    clock = asyncio.get_running_loop().time
    async with before(kafka_bootstrap) as proxy:
        producer = Producer(f"127.0.0.1:{proxy.port}", client_id="test", timeout=TIMEOUT)
        await producer.start()
        assert (await _confirmed(producer.send(topic, 0, b"k", b"before"))).offset == 0
        proxy.stop_answering()
        began = clock()
        with pytest.raises(Unconfirmed):
            await _confirmed(producer.send(topic, 0, b"k", b"lost while silent"))
        assert TIMEOUT * 0.9 < clock() - began < TIMEOUT + 0.5
        assert not producer.is_ready
        began = clock()
        for _ in range(100):
            with pytest.raises(Unconfirmed):
                await _confirmed(producer.send(topic, 0, b"k", b"at once"))
        assert clock() - began < 0.2
        await asyncio.sleep(3 * TIMEOUT)  # longer than closing and another attempt take
        proxy.speak()
        async with asyncio.timeout(15):
            await _ready(producer)
        after = await _confirmed(producer.send(topic, 0, b"k", b"after"))
        assert after.offset in (1, 2)  # what was not confirmed may have been written
        await asyncio.sleep(0.5)
        assert proxy.connections <= 2  # of the client that stands, none of those that were given up
        await producer.stop()
