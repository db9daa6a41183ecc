"""When sockets leave a gateway that drains, and at what age."""

import asyncio
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from gateway.components import _AFTER_LEAVING_SECONDS
from gateway.settings import Settings
from gateway.websocket.departure import MARGIN_SECONDS, draw_age, leave_delays
from tests.unit.gateway.gateway_fixture import GatewayFixture, SocketClient, run_gateway

SHORTEST = Settings.model_fields["drain_seconds"].metadata[0].ge
"""The least DRAIN_SECONDS."""


@settings(deadline=None)
@given(sockets=st.integers(1, 20_000), seconds=st.floats(SHORTEST, 3_600))
def test_the_leave_rate_is_sockets_by_drain_time_and_all_have_left_within_it(
    sockets: int, seconds: float
) -> None:
    leaving = seconds - _AFTER_LEAVING_SECONDS
    delays = leave_delays(sockets, leaving)
    assert len(delays) == sockets
    assert delays[0] == 0
    assert delays[-1] + MARGIN_SECONDS <= leaving
    window = leaving - MARGIN_SECONDS
    interval = min(window / sockets, 0.1)  # so many a second, or ten
    assert all(abs(later - earlier - interval) < 1e-6 for earlier, later in pairwise(delays))


def test_an_empty_gateway_has_nothing_to_wait_for() -> None:
    assert leave_delays(0, 60) == []


@given(max_age=st.floats(1, 1e6))
def test_a_socket_leaves_between_half_of_the_maximum_age_and_all_of_it(max_age: float) -> None:
    assert max_age / 2 <= draw_age(max_age) <= max_age


def test_sockets_that_came_together_leave_apart() -> None:
    ages = [draw_age(3_600) for _ in range(1_000)]
    by_minute = [0] * 60
    for age in ages:
        by_minute[min(59, int(age / 60))] += 1
    assert max(by_minute) < 0.08 * len(ages)  # evenly, 1 of 30 would leave in each minute


async def test_clients_are_served_until_their_turn_and_closed_after_it() -> None:
    """Some never leave of their own accord."""
    async with run_gateway(drain_seconds=12) as gateway, AsyncExitStack() as stack:
        users = [f"user-{number}" for number in range(30)]
        clients = [await stack.enter_async_context(gateway.connected(user)) for user in users]
        draining = asyncio.create_task(gateway.components.drain())
        delays = [(await client.receive("reconnect"))["afterMs"] / 1e3 for client in clients]
        expected = leave_delays(len(users), 12 - _AFTER_LEAVING_SECONDS)
        for delay, planned in zip(delays, expected, strict=True):
            assert planned <= delay <= planned + MARGIN_SECONDS
        await gateway.notifier.send_entry(users[-1:], {"type": "message", "text": "x"}, source_offset=300)
        assert (await clients[-1].receive())["text"] == "x"
        assert not draining.done()
        for client in clients:
            code, reason = await client.wait_closed()
            assert code == 1012
            assert reason is not None
            assert reason.startswith("afterMs=")
        await draining
        assert gateway.components.connections.all() == []


async def test_while_it_drains_each_response_is_the_last_on_its_connection() -> None:
    """Proxies then send the next request elsewhere, instead of on a connection that is about to be closed."""
    async with run_gateway() as gateway, gateway.connected("ana") as client:
        before = await gateway.http.get("/messages/conversations?meId=ana")
        assert "connection" not in before.headers
        gateway.stop.set()
        await client.receive("reconnect")
        for _ in range(2):
            answer = await gateway.http.get("/messages/conversations?meId=ana")
            assert (answer.status_code, answer.headers["connection"]) == (200, "close")


async def test_a_drain_ends_with_its_last_socket() -> None:
    async with run_gateway(drain_seconds=3_600) as gateway:
        async with gateway.connected("ana") as ana, gateway.connected("ben") as ben:
            draining = asyncio.create_task(gateway.components.drain())
            for client in (ana, ben):
                await client.receive("reconnect")
        async with asyncio.timeout(10):
            await draining


async def test_a_socket_that_reached_its_age_is_requested_to_reconnect_and_then_closed() -> None:
    async with run_gateway(max_socket_age=0.5) as gateway, gateway.connected("ana") as client:
        assert 0 < (await client.receive("reconnect"))["afterMs"] <= 1e3 * MARGIN_SECONDS
        await gateway.notifier.send_entry(["ana"], {"type": "message", "text": "x"}, source_offset=300)
        assert (await client.receive())["text"] == "x"  # served until it goes
        code, reason = await client.wait_closed()
        assert code == 1012
        assert reason is not None
        assert reason.startswith("afterMs=")


async def test_a_socket_that_left_at_its_age_is_not_counted_as_closed() -> None:
    async with run_gateway(max_socket_age=0.2) as gateway:
        async with gateway.connected("ana") as client:
            await client.receive("reconnect")
        await _until_empty(gateway)


async def test_without_a_maximum_age_sockets_stay(own_gateway: GatewayFixture) -> None:
    async with own_gateway.connected("ana") as client:
        (connection,) = own_gateway.components.connections.all()
        assert connection.is_open
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await _until_reconnect(client)


async def _until_reconnect(client: SocketClient) -> None:
    try:
        await client.receive("reconnect")
    except ConnectionClosed:
        pytest.fail("closed")


async def _until_empty(gateway: GatewayFixture) -> None:
    async with asyncio.timeout(5):
        while gateway.components.connections.all():
            await asyncio.sleep(0.01)


def test_what_follows_the_leaving_fits_into_the_shortest_drain() -> None:
    assert _AFTER_LEAVING_SECONDS < SHORTEST - MARGIN_SECONDS
