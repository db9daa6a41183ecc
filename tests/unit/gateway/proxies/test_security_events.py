"""Who was refused, where and why: a counter each and a sampled line, without what the client sent."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import pytest
import structlog
from websockets.exceptions import ConnectionClosed, InvalidStatus

from shared.http.connections import AddressConnections
from shared.runtime import security_events
from tests.fixtures.security_events import counted
from tests.unit.gateway import raw
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway

CLIENT = "203.0.113.7"
HEADERS = {"X-Forwarded-For": CLIENT}
CANARY = "canary-6f1c"


@pytest.fixture(autouse=True)
def _frozen_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """No allowance comes back during a test."""
    monkeypatch.setattr("throttled.utils.now_mono_f", lambda: 1_000.0)


@pytest.fixture
async def proxied() -> AsyncIterator[GatewayFixture]:
    async with run_gateway(trusted_proxies="127.0.0.1", address_requests_per_second=1) as gateway:
        yield gateway


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Log lines, the first of each kind."""
    monkeypatch.setattr(security_events, "_log", security_events.SecurityLog(clock=lambda: 0.0))
    with structlog.testing.capture_logs() as logs:
        yield logs


def events(lines: list[Any]) -> list[tuple[str, str | None, str | None]]:
    assert CANARY not in repr(lines)
    return [
        (line["kind"], line["client"], line["user"])
        for line in lines
        if line["event"] == "security.event" and line["reason"]
    ]


@pytest.mark.parametrize(
    ("kind", "path", "headers", "user"),
    [
        ("401", f"/messages/sync?x={CANARY}", {}, None),
        ("401", "/messages/sync", {"Authorization": f"Basic {CANARY}"}, None),
        ("403", f"/messages/sync?meId={CANARY}", {"Authorization": "Bearer ann"}, "ann"),
        ("421", "/messages/sync", {"Host": f"{CANARY}.example"}, None),
    ],
)
async def test_refused_requests(
    proxied: GatewayFixture, lines: list[Any], kind: str, path: str, headers: dict[str, str], user: str | None
) -> None:
    before = counted(kind)
    answer = await proxied.http.get(path, headers={**HEADERS, **headers})
    assert answer.status_code == int(kind)
    assert events(lines) == [(kind, CLIENT, user)]
    assert counted(kind) == before + 1


async def test_requests_beyond_a_limit(proxied: GatewayFixture, lines: list[Any]) -> None:
    before = counted("429")
    statuses = [(await proxied.http.get("/nowhere", headers=HEADERS)).status_code for _ in range(20)]
    assert events(lines) == [("429", CLIENT, None)]
    assert statuses == [404] * 2 + [429] * 18
    assert counted("429") == before + 18


async def test_a_page_of_another_origin(proxied: GatewayFixture, lines: list[Any]) -> None:
    origin = {"Origin": f"http://{CANARY}.example"}
    with pytest.raises(InvalidStatus):
        await proxied.connect("ann", additional_headers={**HEADERS, **origin}).__aenter__()
    assert events(lines) == [("403", CLIENT, None)]


async def test_sockets_without_identity(proxied: GatewayFixture, lines: list[Any]) -> None:
    before = counted("4401")
    for _ in range(3):
        async with proxied.connect(f"%00{CANARY}", additional_headers=HEADERS) as client:
            assert (await client.wait_closed())[0] == 4401
    assert events(lines) == [("4401", CLIENT, None)]
    assert counted("4401") == before + 3


async def test_sockets_that_send_bad_frames(proxied: GatewayFixture, lines: list[Any]) -> None:
    before = counted("4400")
    async with proxied.connected("ann", additional_headers=HEADERS) as client:
        for _ in range(150):
            await client.socket.send(CANARY)
        with suppress(ConnectionClosed):
            while await client.socket.recv():
                pass
        assert (await client.wait_closed())[0] == 4400
    assert events(lines) == [("4400", CLIENT, "ann")]
    assert counted("4400") == before + 1


async def test_too_many_sockets(lines: list[Any]) -> None:
    before = counted("4429")
    async with (
        run_gateway(trusted_proxies="127.0.0.1", max_sockets=1) as gateway,
        gateway.connected("ann"),
        gateway.connect("ben", additional_headers=HEADERS) as second,
    ):
        assert (await second.wait_closed())[0] == 4429
    assert events(lines) == [("4429", CLIENT, "ben")]
    assert counted("4429") == before + 1


async def test_an_opened_membership_check(own_gateway: GatewayFixture, lines: list[Any]) -> None:
    """It has a line of its own."""
    before = counted("membership_unchecked")
    conversation = await own_gateway.start_direct("ann", "ben")
    own_gateway.components.membership.invalidate_all()
    own_gateway.store.away = True
    await own_gateway.send_message("ann", conversation, "hello")
    assert counted("membership_unchecked") == before + 1
    assert "membership.unchecked" in [line["event"] for line in lines]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 garbage\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\xff\xfe: \xff\r\n\r\n",
        b"GET /%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: \xff\xfe, [::\r\n\r\n",
    ],
    ids=["no HTTP", "no header", "no UTF-8", "a long line", "no address"],
)
async def test_garbage_is_counted_not_logged(
    proxied: GatewayFixture, lines: list[Any], caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxied.port)
    writer.write(sent)
    writer.write_eof()
    async with asyncio.timeout(10):
        assert (await reader.read()).startswith(b"HTTP/1.1 ")
    writer.close()
    await writer.wait_closed()
    assert [line for line in lines if line["log_level"] != "info"] == []
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


async def test_frames_of_garbage_leave_no_line(
    proxied: GatewayFixture, lines: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    upgrade = (
        b"GET /ws?token=ann HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    for frame in (b"\x81\x82\0\0\0\0\xff\xfe", b"\x81\x02no mask", b"\xff\xff", b"\x88\x81\0\0\0\0\x01"):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxied.port)
        writer.write(upgrade)
        async with asyncio.timeout(10):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            writer.write(frame)
            await reader.read()
        writer.close()
    assert [line for line in lines if line["log_level"] != "info"] == []
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def test_connections_of_an_address_are_counted_until_they_end_or_have_an_identity() -> None:
    connections = AddressConnections(2, lambda address: None if address == "127.0.0.1" else address)
    assert connections.acquire("a", CLIENT)
    assert connections.acquire("b", CLIENT)
    assert not connections.acquire("c", CLIENT)
    assert connections.acquire("d", "203.0.113.8")
    assert all(connections.acquire(number, "127.0.0.1") for number in range(10))
    connections.release("c")
    assert not connections.acquire("c", CLIENT)
    connections.release("a")
    connections.release("a")
    assert connections.acquire("c", CLIENT)
    assert not connections.acquire("e", CLIENT)
    unlimited = AddressConnections(0, str)
    assert all(unlimited.acquire(number, CLIENT) for number in range(10))


async def test_one_address_cannot_open_more_connections_than_its_limit(
    monkeypatch: pytest.MonkeyPatch, lines: list[Any]
) -> None:
    """Users' connections do not count: many users may share an address."""
    monkeypatch.setattr("gateway.proxies.address_limits.AddressLimits.key", lambda _, client: client)
    async with run_gateway(trusted_proxies="none", address_connections=2) as gateway:
        idle = [await asyncio.open_connection("127.0.0.1", gateway.port) for _ in range(2)]
        refused = await raw.ask(gateway.port, "GET", "/messages/sync")
        assert (refused.status, refused.code) == (429, "too_many")
        assert int(refused.fields["retry-after"]) >= 1
        assert ("429", "127.0.0.1", None) in events(lines)
        head = b"GET /messages/conversations?meId=ann HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for reader, writer in idle:
            writer.write(head)
            async with asyncio.timeout(10):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        sockets = [gateway.connected(f"user-{number}") for number in range(5)]
        for socket in sockets:
            await socket.__aenter__()
        for socket in sockets:
            await socket.__aexit__(None, None, None)
        for _, writer in idle:
            writer.close()
