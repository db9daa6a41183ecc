"""A gateway goes and all its sockets come back to the other: at a bounded pace, and none misses anything."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import httpx
import pytest

from bench import storm, watch
from bench.crowd import Crowd, Gathering, Return, Spell
from deploy.local.stack import end_to_end
from deploy.local.stack.state import Stack
from tests.conftest import StartStack
from tests.e2e import client

MEMBERS = 300
RATE = 60
"""Sockets that a gateway lets in a second."""


@pytest.fixture(scope="module")
def two(start_stack: StartStack) -> Stack:
    return start_stack(gateways=2, env={"ARRIVALS_PER_SECOND": str(RATE)})


@asynccontextmanager
async def _gathered(stack: Stack, name: str) -> AsyncIterator[Crowd]:
    home, refuge = (f"{url.replace('http', 'ws', 1)}/ws?token=" for url in stack.gateways)
    gathering = Gathering(home=home, refuge=refuge, members=MEMBERS, name=name)
    await storm.begin(stack.gateways[1], gathering.pairs())
    crowd = Crowd(gathering)
    await crowd.gather()
    try:
        yield crowd
    finally:
        crowd.part()


async def _watched(gateway: str) -> AsyncIterator[dict[str, float]]:
    with httpx.Client() as http:
        while True:
            yield await asyncio.to_thread(watch.metrics, http, gateway, "")
            await asyncio.sleep(0.05)


async def _survived(stack: Stack, crowd: Crowd, number: signal.Signals) -> tuple[Return, dict[str, float]]:
    """What the crowd says after its gateway got the signal, and the most that was seen of each metric of the
    other one."""
    most: dict[str, float] = {}

    async def look() -> None:
        async for values in _watched(stack.gateways[1]):
            for name, value in values.items():
                most[name] = max(value, most.get(name, 0.0))

    looking = asyncio.create_task(look())
    playing = asyncio.create_task(crowd.play(Spell(seconds=6, rate=60)))
    await asyncio.sleep(1)
    process = stack.reload().process("gateway")
    process.signal(number)
    assert await asyncio.to_thread(process.wait, 10)
    told = await playing
    looking.cancel()
    await asyncio.wait([looking])
    return told, most


async def test_who_was_dropped_comes_back_at_a_bounded_pace_and_misses_nothing(two: Stack) -> None:
    async with _gathered(two, "dropped") as crowd:
        told, most = await _survived(two, crowd, signal.SIGKILL)
    assert (told.missing, told.skipped) == (0, 0)
    assert len(told.absences) == MEMBERS
    assert 1 <= most["gateway_sockets_catching_up"] <= 8
    for begin in told.ends:
        within = sum(begin <= end < begin + 1 for end in told.ends)
        assert within <= 50 + 1.5 * RATE  # all dialled at once; let in at that pace


async def test_who_is_told_to_leave_goes_in_good_order_and_misses_nothing(two: Stack) -> None:
    """Among the sockets of the gateway that stops are some that never go, and some that never read."""
    await end_to_end.wait_until_serving(two.gateways[:1])
    async with _gathered(two, "told") as crowd, aiohttp.ClientSession(two.gateways[0]) as session:
        stubborn = [await session.ws_connect(f"/ws?token=stubborn-{n}", autoclose=False) for n in range(20)]
        told, _ = await _survived(two, crowd, signal.SIGTERM)
        for each in stubborn:
            await each.close()
    assert (told.missing, told.skipped) == (0, 0)
    assert len(told.absences) >= MEMBERS  # one that went early may have met the same gateway again
    assert len(told.told) >= MEMBERS
    assert max(told.told) > MEMBERS / RATE - 1  # spread, so that the other gateway can let them in


async def test_what_was_said_to_a_gateway_that_stops_is_answered_and_kept(two: Stack) -> None:
    await end_to_end.wait_until_serving(two.gateways[:1])
    async with client.http(two.gateways[1]) as other:
        conversation = await client.start(other, "ann", "bob")
        async with client.socket(two.gateways[0], "ann") as ann, client.socket(two.gateways[1], "bob") as bob:
            process = two.reload().process("gateway")
            for n in range(200):
                await ann.send(type="message", conversationId=conversation, text=str(n), clientId=str(n))
                if n == 100:
                    process.signal(signal.SIGTERM)
            assert (await ann.expect(type="reconnect"))["afterMs"] > 0
            assert await ann.close_code(patience=15) == 1012
            assert {frame["clientId"] for frame in ann.of("accepted")} == {str(n) for n in range(200)}
            assert await asyncio.to_thread(process.wait, 10)
            await bob.expect(type="message", text="199")
            assert [frame["text"] for frame in bob.of("message")] == [str(n) for n in range(200)]
        items = await client.history(other, "bob", conversation)
        assert [item["text"] for item in items] == [str(n) for n in range(200)]
