"""Reads of sockets: the first at once, then the newest at the end of each second."""

import asyncio

import pytest

from gateway.commands.read_receipts import Reads
from shared.contract.events import ReadMoved
from shared.contract.fields import MAX_SEQ
from tests.unit.gateway.gateway_fixture import House


@pytest.fixture
async def talk(own_house: House) -> str:
    return await own_house.talk("ana", "ben")


def written(house: House) -> list[int]:
    return [event.data.up_to for event in house.written() if isinstance(event, ReadMoved)]


async def test_the_first_is_written_at_once_and_then_the_newest(own_house: House, talk: str) -> None:
    reads = Reads(own_house.door.sending, every=0.1)
    reads.move("ana", talk, 1)
    await asyncio.sleep(0.03)
    assert written(own_house) == [1]
    for up_to in (2, 5, 3):
        reads.move("ana", talk, up_to)
    await asyncio.sleep(0.02)
    assert written(own_house) == [1]
    await asyncio.sleep(0.15)
    assert written(own_house) == [1, 5]
    await reads.flush()


async def test_the_same_asked_again_is_written_again_since_the_fold_takes_less(
    own_house: House, talk: str
) -> None:
    reads = Reads(own_house.door.sending, every=0.1)
    for _ in range(2):
        reads.move("ana", talk, MAX_SEQ)
        await own_house.http.post("/messages?meId=ben", json={"conversationId": talk, "text": "hello"})
        await asyncio.sleep(0.03)
    await asyncio.sleep(0.2)
    assert written(own_house) == [MAX_SEQ] * 2
    await reads.flush()


async def test_users_do_not_wait_for_one_another(own_house: House, talk: str) -> None:
    reads = Reads(own_house.door.sending, every=10)
    reads.move("ana", talk, 1)
    reads.move("ben", talk, 2)
    await asyncio.sleep(0.03)
    assert written(own_house) == [1, 2]
    await reads.flush()


async def test_a_flush_writes_what_waits(own_house: House, talk: str) -> None:
    reads = Reads(own_house.door.sending, every=10)
    reads.move("ana", talk, 1)
    await asyncio.sleep(0.03)
    reads.move("ana", talk, 2)
    async with asyncio.timeout(1):
        await reads.flush()
    assert written(own_house) == [1, 2]


async def test_what_the_log_does_not_take_is_tried_again(own_house: House, talk: str) -> None:
    reads = Reads(own_house.door.sending, every=0.05)
    own_house.broker.away = True
    reads.move("ana", talk, 1)
    await asyncio.sleep(0.12)
    own_house.broker.away = False
    await asyncio.sleep(0.12)
    assert written(own_house) == [1]


async def test_a_flush_does_not_wait_for_a_log_that_is_away(own_house: House, talk: str) -> None:
    reads = Reads(own_house.door.sending, every=10)
    own_house.broker.away = True
    reads.move("ana", talk, 1)
    async with asyncio.timeout(1):
        await reads.flush()
    assert written(own_house) == []


async def test_a_gateway_that_stops_does_not_wait_long_for_a_log_that_does_not_answer(
    own_house: House, talk: str
) -> None:
    own_house.broker.delays = iter([60.0])
    own_house.door.reads.move("ana", talk, 1)
    async with asyncio.timeout(2):
        await own_house.door.drain()
