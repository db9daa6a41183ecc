"""Read receipts of sockets: the first at once, then the newest at the end of each second."""

import asyncio
from functools import partial

import pytest

from gateway.commands.mark_read import append_read
from gateway.commands.read_receipts import ReadReceiptCoalescer
from shared.contract.events import ReadMoved
from shared.contract.fields import MAX_SEQ
from tests.unit.gateway.gateway_fixture import GatewayFixture


@pytest.fixture
async def talk(own_gateway: GatewayFixture) -> str:
    return await own_gateway.start_direct("ana", "ben")


def coalescer(gateway: GatewayFixture, *, interval_seconds: float) -> ReadReceiptCoalescer:
    append = partial(append_read, gateway.components.writer)
    return ReadReceiptCoalescer(append, interval_seconds=interval_seconds)


def written(gateway: GatewayFixture) -> list[int]:
    return [event.data.up_to for event in gateway.written_events() if isinstance(event, ReadMoved)]


async def test_the_first_is_written_at_once_and_then_the_newest(
    own_gateway: GatewayFixture, talk: str
) -> None:
    reads = coalescer(own_gateway, interval_seconds=0.1)
    reads.submit("ana", talk, 1)
    await asyncio.sleep(0.03)
    assert written(own_gateway) == [1]
    for up_to in (2, 5, 3):
        reads.submit("ana", talk, up_to)
    await asyncio.sleep(0.02)
    assert written(own_gateway) == [1]
    await asyncio.sleep(0.15)
    assert written(own_gateway) == [1, 5]
    await reads.flush()


async def test_the_same_receipt_is_written_again_since_the_fold_takes_less(
    own_gateway: GatewayFixture, talk: str
) -> None:
    reads = coalescer(own_gateway, interval_seconds=0.1)
    for _ in range(2):
        reads.submit("ana", talk, MAX_SEQ)
        await own_gateway.http.post("/messages?meId=ben", json={"conversationId": talk, "text": "hello"})
        await asyncio.sleep(0.03)
    await asyncio.sleep(0.2)
    assert written(own_gateway) == [MAX_SEQ] * 2
    await reads.flush()


async def test_users_do_not_wait_for_one_another(own_gateway: GatewayFixture, talk: str) -> None:
    reads = coalescer(own_gateway, interval_seconds=10)
    reads.submit("ana", talk, 1)
    reads.submit("ben", talk, 2)
    await asyncio.sleep(0.03)
    assert written(own_gateway) == [1, 2]
    await reads.flush()


async def test_a_flush_writes_what_waits(own_gateway: GatewayFixture, talk: str) -> None:
    reads = coalescer(own_gateway, interval_seconds=10)
    reads.submit("ana", talk, 1)
    await asyncio.sleep(0.03)
    reads.submit("ana", talk, 2)
    async with asyncio.timeout(1):
        await reads.flush()
    assert written(own_gateway) == [1, 2]


async def test_what_the_log_does_not_take_is_tried_again(own_gateway: GatewayFixture, talk: str) -> None:
    reads = coalescer(own_gateway, interval_seconds=0.05)
    own_gateway.broker.away = True
    reads.submit("ana", talk, 1)
    await asyncio.sleep(0.12)
    own_gateway.broker.away = False
    await asyncio.sleep(0.12)
    assert written(own_gateway) == [1]


async def test_a_flush_does_not_wait_for_a_log_that_is_away(own_gateway: GatewayFixture, talk: str) -> None:
    reads = coalescer(own_gateway, interval_seconds=10)
    own_gateway.broker.away = True
    reads.submit("ana", talk, 1)
    async with asyncio.timeout(1):
        await reads.flush()
    assert written(own_gateway) == []


async def test_a_gateway_that_stops_does_not_wait_long_for_a_log_that_does_not_answer(
    own_gateway: GatewayFixture, talk: str
) -> None:
    own_gateway.broker.delays = iter([60.0])
    own_gateway.components.read_receipts.submit("ana", talk, 1)
    async with asyncio.timeout(2):
        await own_gateway.components.drain()


async def test_a_receipt_is_checked_when_its_frame_arrives_and_not_again(own_gateway: GatewayFixture) -> None:
    """So nothing is lost when membership cannot be checked by the time it is written."""
    talk = await own_gateway.start_direct("ana", "ben")
    membership = own_gateway.components.membership
    own_gateway.components.read_receipts._interval_seconds = 60  # the second is written on disconnect
    async with own_gateway.connected("ana") as client:
        membership.invalidate(talk)
        before = own_gateway.store.calls
        for up_to in (1, 2):
            await client.send(type="read", conversationId=talk, upTo=up_to)
            await client.send(type="message", conversationId=talk, text="after it")
            await client.receive("accepted")
            assert written(own_gateway) == [1]
        assert own_gateway.store.calls == before + 1
        own_gateway.store.busy = True
        membership.invalidate(talk)
    async with asyncio.timeout(5):
        while written(own_gateway) != [1, 2]:
            await asyncio.sleep(0.01)
    assert own_gateway.store.calls == before + 1
