"""What the producer does with a client that hangs."""

import asyncio
from typing import Any, ClassVar

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from shared.kafka import Producer, producer


class Part:
    def __init__(self, seconds: float) -> None:
        self.closed = False
        self._seconds = seconds

    async def close(self) -> None:
        self.closed = True
        await asyncio.sleep(self._seconds)


class Hung:
    """A client whose `stop` never returns, and whose sender neither."""

    made: ClassVar[list["Hung"]] = []

    def __init__(self, **_: Any) -> None:
        self._sender, self.client = Part(60), Part(60)
        self.made.append(self)

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        await asyncio.sleep(60)


async def test_a_client_that_hangs_in_every_way_loses_its_connections_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(producer, "AIOKafkaProducer", Hung)
    hanging = Producer("127.0.0.1:1", client_id="test")
    await hanging.start()
    async with asyncio.timeout(5):
        await hanging.stop()
    assert [client.client.closed for client in Hung.made] == [True]


async def test_a_record_too_large_for_any_request_is_refused_and_costs_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Strict(Hung):
        made: ClassVar[list[Hung]] = []

        async def send(self, *_: Any, **__: Any) -> None:
            raise MessageSizeTooLargeError

    monkeypatch.setattr(producer, "AIOKafkaProducer", Strict)
    strict = Producer("127.0.0.1:1", client_id="test")
    await strict.start()
    with pytest.raises(ValueError, match="larger"):
        await strict.send("topic", 0, None, b"")
    assert strict.is_ready
    async with asyncio.timeout(5):
        await strict.stop()


async def test_a_client_that_fails_in_ways_of_its_own_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    class Odd(Hung):
        made: ClassVar[list[Hung]] = []

        async def start(self) -> None:
            if len(self.made) == 1:
                raise AssertionError("a state that aiokafka did not think of")

        async def stop(self) -> None:
            raise AssertionError("here neither")

    monkeypatch.setattr(producer, "AIOKafkaProducer", Odd)
    odd = Producer("127.0.0.1:1", client_id="test")
    async with asyncio.timeout(5):
        await odd.start()
    assert (odd.is_ready, len(Odd.made)) == (True, 2)
    await odd.stop()
