"""What the producer does with a client that hangs."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from shared.kafka import Place, Producer, Unconfirmed, producer


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
    assert (odd.ready, len(Odd.made)) == (True, 2)
    await odd.stop()


class Full(Hung):
    """A client that takes records once there is room."""

    made: ClassVar[list[Hung]] = []
    room: ClassVar[asyncio.Event]
    written: ClassVar[list[bytes]]

    async def send(self, _: str, value: bytes, **__: Any) -> asyncio.Future[SimpleNamespace]:
        await self.room.wait()
        self.written.append(value)
        confirmed: asyncio.Future[SimpleNamespace] = asyncio.get_running_loop().create_future()
        confirmed.set_result(SimpleNamespace(offset=len(self.written) - 1))
        return confirmed

    async def stop(self) -> None:
        pass


@pytest.fixture
async def full(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Producer]:
    Full.room, Full.written = asyncio.Event(), []
    monkeypatch.setattr(producer, "AIOKafkaProducer", Full)
    filled = Producer("127.0.0.1:1", client_id="test", timeout=0.3)
    await filled.start()
    yield filled
    await filled.stop()


async def test_a_record_that_has_to_wait_for_room_is_written_once(full: Producer) -> None:
    sending = asyncio.create_task(full.send("t", 0, b"k", b"v"))
    await asyncio.sleep(0.05)
    assert Full.written == []
    Full.room.set()
    assert await (await sending) == Place(0, 0)
    assert Full.written == [b"v"]


async def test_a_record_for_which_there_is_no_room_in_time_is_not_written(full: Producer) -> None:
    with pytest.raises(Unconfirmed):
        await full.send("t", 0, b"k", b"v")
    Full.room.set()
    await asyncio.sleep(0.05)
    assert Full.written == []
