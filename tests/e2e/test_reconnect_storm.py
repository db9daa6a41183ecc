"""All clients of a stopped gateway reconnect to the other: at a bounded rate, and none misses an entry."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import httpx
import pytest

from bench.load.reconnecting_clients import LoadPhase, PhaseReport, ReconnectingClients, StormSetup
from bench.measure.metrics_sampler import read_metrics
from bench.systems.parley import socket_url, start_conversations
from deploy.local.stack import end_to_end
from deploy.local.stack.state import Stack
from tests.conftest import StartStack
from tests.e2e import client

MEMBERS = 300
RATE = 60
"""Connections that a gateway admits per second."""
DRAIN_SECONDS = 8 + MEMBERS // RATE
"""As ADR 31 advises: the other gateway can let them in as they leave."""


@pytest.fixture(scope="module")
def two(start_stack: StartStack) -> Stack:
    env = {"ARRIVALS_PER_SECOND": str(RATE), "DRAIN_SECONDS": str(DRAIN_SECONDS)}
    return start_stack(gateways=2, env=env)


@asynccontextmanager
async def _connected(stack: Stack, name: str) -> AsyncIterator[ReconnectingClients]:
    home, refuge = map(socket_url, stack.gateways)
    setup = StormSetup(home=home, refuge=refuge, clients=MEMBERS, name=name)
    await start_conversations(stack.gateways[1], setup.conversations())
    clients = ReconnectingClients(setup)
    await clients.connect()
    try:
        yield clients
    finally:
        clients.disconnect()


async def _sampled(admin: str) -> AsyncIterator[dict[str, float]]:
    with httpx.Client() as http:
        while True:
            yield await asyncio.to_thread(read_metrics, http, admin)
            await asyncio.sleep(0.05)


async def _survived(
    stack: Stack, clients: ReconnectingClients, number: signal.Signals
) -> tuple[PhaseReport, dict[str, float]]:
    """Signal the clients' gateway, and return their report and the peak of each metric of the other one."""
    peaks: dict[str, float] = {}

    async def look() -> None:
        async for values in _sampled(stack.admin["gateway-2"]):
            for name, value in values.items():
                peaks[name] = max(value, peaks.get(name, 0.0))

    looking = asyncio.create_task(look())
    playing = asyncio.create_task(clients.play(LoadPhase(seconds=6, rate=60)))
    await asyncio.sleep(1)
    process = stack.reload().process("gateway")
    process.signal(number)
    assert await asyncio.to_thread(process.wait, DRAIN_SECONDS)
    report = await playing
    looking.cancel()
    await asyncio.wait([looking])
    return report, peaks


async def test_dropped_clients_come_back_at_a_bounded_pace_and_miss_nothing(two: Stack) -> None:
    async with _connected(two, "dropped") as clients:
        report, peaks = await _survived(two, clients, signal.SIGKILL)
    assert (report.missing, report.skipped) == (0, 0)
    assert len(report.absences) == MEMBERS
    assert 1 <= peaks["gateway_sockets_catching_up"] <= 8
    for begin in report.ends:
        within = sum(begin <= end < begin + 1 for end in report.ends)
        assert within <= 50 + 1.5 * RATE  # all connected at once; admitted at this rate


async def test_clients_that_are_requested_to_reconnect_do_so_in_good_order_and_miss_nothing(
    two: Stack,
) -> None:
    """Among the sockets of the gateway that stops are some that never go, and some that never read."""
    await end_to_end.wait_until_serving(two.gateways[:1])
    async with _connected(two, "drained") as clients, aiohttp.ClientSession(two.gateways[0]) as session:
        stubborn = [await session.ws_connect(f"/ws?token=stubborn-{n}", autoclose=False) for n in range(20)]
        report, _ = await _survived(two, clients, signal.SIGTERM)
        for connection in stubborn:
            await connection.close()
    assert (report.missing, report.skipped) == (0, 0)
    assert len(report.absences) >= MEMBERS  # one that went early may have met the same gateway again
    assert len(report.retry_delays) >= MEMBERS
    assert max(report.retry_delays) > MEMBERS / RATE - 1  # spread, so that the other gateway can let them in


async def test_messages_sent_to_a_gateway_that_stops_are_accepted_and_stored(two: Stack) -> None:
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
            assert await asyncio.to_thread(process.wait, DRAIN_SECONDS)
            await bob.expect(type="message", text="199")
            assert [frame["text"] for frame in bob.of("message")] == [str(n) for n in range(200)]
        items = await client.history(other, "bob", conversation)
        assert [item["text"] for item in items] == [str(n) for n in range(200)]
