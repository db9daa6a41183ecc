"""The header fields that protect browsers are on every answer, whichever part of the gateway gives it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.app import HSTS
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway
from tests.unit.gateway.route_paths import route_paths

HOST = b"Host: localhost\r\n"
UPGRADE = b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
KEY = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
REFUSALS = {
    "no HTTP": (400, b"\x16\x03\x01\r\n\r\n"),
    "no Host": (400, b"GET /messages/sync HTTP/1.1\r\n\r\n"),
    "another Host": (421, b"GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n"),
    "a long line": (414, b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a long head": (431, b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 17_000 + b"\r\n\r\n"),
    "a big body": (413, b"POST /messages?meId=ann HTTP/1.1\r\n" + HOST + b"Content-Length: 999999\r\n\r\n"),
    "a half upgrade": (400, b"GET /ws HTTP/1.1\r\n" + HOST + UPGRADE + b"\r\n"),
    "an upgrade elsewhere": (404, b"GET /nowhere HTTP/1.1\r\n" + HOST + UPGRADE + KEY + b"\r\n"),
    "an upgrade of another page": (
        403,
        b"GET /ws HTTP/1.1\r\nOrigin: https://elsewhere.example\r\n" + HOST + UPGRADE + KEY + b"\r\n",
    ),
    "an upgrade to another Host": (421, b"GET /ws HTTP/1.1\r\nHost: a.example\r\n" + UPGRADE + KEY + b"\r\n"),
    "no upgrade": (426, b"GET /ws HTTP/1.1\r\n" + HOST + b"\r\n"),
}
REQUIRED = {
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    HSTS[0].lower(): HSTS[1],
}


@pytest.fixture(scope="module")
async def public() -> AsyncIterator[GatewayFixture]:
    async with run_gateway(public_url="https://chat.example") as gateway:
        yield gateway


async def answer_to(gateway: GatewayFixture, sent: bytes) -> tuple[int, dict[str, str]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(sent)
    async with asyncio.timeout(15):
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    writer.close()
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        fields[name.lower()] = f"{fields[name.lower()]}, {value}" if name.lower() in fields else value
    return int(first.split()[1]), fields


def require_protection(fields: dict[str, str]) -> None:
    assert {name: fields.get(name) for name in REQUIRED} == REQUIRED
    assert "frame-ancestors 'none'" in fields["content-security-policy"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
async def test_every_route(public: GatewayFixture, method: str) -> None:
    for path in sorted(route_paths(public.components) | {"/static-offline-docs/swagger-ui.css", "/nowhere"}):
        request = f"{method} {path}?meId=ann HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
        _, fields = await answer_to(public, request.encode())
        require_protection(fields)
        if path.startswith("/messages"):
            assert "no-store" in fields["cache-control"], path


@pytest.mark.parametrize(("status", "sent"), REFUSALS.values(), ids=REFUSALS)
async def test_every_refusal(public: GatewayFixture, status: int, sent: bytes) -> None:
    given, fields = await answer_to(public, sent)
    assert given == status
    require_protection(fields)
    assert fields["content-type"] == "application/problem+json"


@pytest.mark.parametrize("public_url", ["", "http://chat.example"])
async def test_hsts_needs_a_public_url_of_https(public_url: str) -> None:
    async with run_gateway(public_url=public_url) as gateway:
        assert HSTS[0] not in (await gateway.http.get("/docs")).headers
