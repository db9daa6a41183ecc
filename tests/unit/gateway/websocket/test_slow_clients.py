"""Clients that do not read: they cost what is bounded, are cut in time, and leave nothing behind."""

import asyncio
import gc
import re
import weakref
from contextlib import AsyncExitStack

import pytest
from prometheus_client import REGISTRY

from gateway.websocket.connection import ClientConnection
from shared.contract import cursor
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway

_BIG = "a" * 100_000
_MANY = 40
_MOST = 512 * 1024


def _queued() -> float:
    return REGISTRY.get_sample_value("gateway_outbox_bytes") or 0.0


def _sockets(gateway: GatewayFixture) -> weakref.WeakSet[ClientConnection]:
    return weakref.WeakSet(gateway.components.connections.all())


async def test_many_that_never_read_are_cut_under_traffic_and_nothing_of_them_stays() -> None:
    users = [f"slow-{n}" for n in range(_MANY)]
    async with (
        run_gateway(outbox_bytes=_MOST) as gateway,
        AsyncExitStack() as clients,
        gateway.connected("ben") as quick,
    ):
        for user in users:
            slow = await clients.enter_async_context(gateway.connected(user, close_timeout=0.1))
            slow.socket.transport.pause_reading()
        known = _sockets(gateway)
        assert len(known) == _MANY + 1
        most = 0.0
        for number in range(2, 400):
            await gateway.notifier.send_entry(
                [*users, "ben"], {"type": "message", "text": _BIG}, source_offset=number
            )
            await quick.receive("message")
            most = max(most, _queued())
            if len(gateway.notifier.users) == 1:
                break
        assert 0 < most <= (_MANY + 1) * _MOST
        for user in users:
            await gateway.notifier.wait_for_user(user, present=False)
        assert _queued() < _MOST
        async with asyncio.timeout(10):
            while len(known) > 1:  # the quick one
                gc.collect()
                await asyncio.sleep(0.05)


async def test_one_that_does_not_even_answer_pings_is_cut() -> None:
    async with run_gateway(ping=0.3) as gateway, gateway.connected("ana", close_timeout=0.1) as frozen:
        known = _sockets(gateway)
        frozen.socket.transport.pause_reading()
        await gateway.notifier.wait_for_user("ana", present=False)
        async with asyncio.timeout(5):
            while known:
                gc.collect()
                await asyncio.sleep(0.05)


async def test_a_client_that_reads_but_answers_no_ping_is_closed_with_4408_and_a_delay() -> None:
    async with run_gateway(ping=0.3) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        upgrade = b"Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n" + key
        writer.write(b"GET /ws?token=mute HTTP/1.1\r\n" + upgrade + b"\r\n")
        async with asyncio.timeout(10):
            received = await reader.read(-1)
        writer.close()
        close = received[received.rindex(b"\x88") :]
        assert int.from_bytes(close[2:4]) == 4408
        assert re.fullmatch(rb"afterMs=\d+", close[4:])


@pytest.mark.parametrize("talk", [1, 2])
async def test_a_pong_has_no_deadline_while_reading_is_paused(talk: int) -> None:
    """The inbox is full while the log does not answer, so the pong stands behind unread frames."""
    frames = 400
    async with run_gateway(ping=0.3) as gateway:
        conversation = await gateway.start_direct("ana", "ben")
        gateway.broker.delays = iter([2.0] * talk)
        async with gateway.connected("ana", ping_interval=None) as client:
            for number in range(frames):
                await client.send(
                    type="message", conversationId=conversation, text="a" * 4_000, clientId=f"{number}"
                )
            answers = [await client.receive("accepted") for _ in range(frames)]
            assert {frame["clientId"] for frame in answers} == {f"{number}" for number in range(frames)}


async def test_who_was_too_slow_comes_back_with_its_cursor_and_misses_nothing() -> None:
    """Although a hundred of what it missed are more than may wait for it at once."""
    async with run_gateway(outbox_frames=256, outbox_bytes=_MOST) as gateway:
        talk = await gateway.start_direct("ana", "ben")
        async with gateway.connect("ana", close_timeout=0.1) as slow:
            at = (await slow.receive("synced"))["cursor"]
            slow.socket.transport.pause_reading()
            for n in range(200):
                body = {"conversationId": talk, "text": "🌊" * 8_000}
                assert (await gateway.http.post("/messages?meId=ben", json=body)).status_code == 202
                entry = {"type": "message", "seq": n + 1, "text": _BIG}
                await gateway.notifier.send_entry(
                    ["ana"], entry, partition=gateway.partition_of(talk), source_offset=n + 3
                )
            await gateway.notifier.wait_for_user("ana", present=False)
            slow.socket.transport.resume_reading()
        async with gateway.connect("ana", query=f"&cursor={at}", max_queue=1) as back:
            assert (await back.receive())["cursor"] == at
            shown = [await back.receive("message") for _ in range(200)]
            assert [frame["seq"] for frame in shown] == list(range(1, 201))
            assert cursor.decode((await back.receive("synced"))["cursor"]).belongs_to("ana")
