"""What an address may do without identity: limits that no header evades, and that never meet users."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.exceptions import InvalidStatus

from gateway.proxies.address_limits import AddressLimits, TokenBuckets
from gateway.proxies.trusted_proxies import TrustedProxies
from tests.fixtures.issuer import serve_issuer
from tests.unit.gateway import raw
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway
from tests.unit.gateway.rules import ME

RATE = 2
BURST = 2 * RATE
CALLS = [
    ("GET", "/messages/conversations"),
    ("GET", "/messages/history"),
    ("GET", "/messages/sync"),
    ("POST", "/messages/start"),
    ("POST", "/messages"),
    ("POST", "/messages/read"),
    ("GET", "/docs"),
    ("GET", "/nowhere"),
    ("DELETE", "/messages"),
]


@pytest.fixture(autouse=True)
def _frozen_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """No allowance comes back during a test."""
    monkeypatch.setattr("throttled.utils.now_mono_f", lambda: 1_000.0)


@pytest.fixture
async def proxied() -> AsyncIterator[GatewayFixture]:
    """A gateway behind a proxy on this machine, with tiny limits."""
    limits = {"address_requests_per_second": RATE, "address_upgrades_per_second": RATE}
    async with run_gateway(trusted_proxies="127.0.0.1", **limits) as gateway:
        yield gateway


async def request(
    gateway: GatewayFixture, method: str, path: str, *, client: str, user: str | None = None
) -> raw.Answer:
    fields = [raw.LOCAL, ("X-Forwarded-For", client)]
    if user is not None:
        fields.append(("Authorization", f"Bearer {user}"))
    return await raw.ask(gateway.port, method, path, fields)


async def exhaust(gateway: GatewayFixture, client: str, path: str = "/messages/sync") -> None:
    """Make requests without identity until the address is limited."""
    for _ in range(2 * BURST):
        if (await request(gateway, "GET", path, client=client)).status == 429:
            return
    raise AssertionError(f"{client} is not limited")


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_requests_without_identity_are_limited_by_address(
    proxied: GatewayFixture, method: str, path: str
) -> None:
    before = await request(proxied, method, path, client="203.0.113.7")
    assert before.status in (200, 401, 404, 405)
    await exhaust(proxied, "203.0.113.7")
    answer = await request(proxied, method, path, client="203.0.113.7")
    assert (answer.status, answer.code) == (429, "too_many")
    assert int(answer.fields["retry-after"]) >= 1
    assert answer.fields["content-type"] == "application/problem+json"
    assert (await request(proxied, method, path, client="203.0.113.8")).status == before.status


async def test_a_user_is_never_limited_by_the_address(proxied: GatewayFixture) -> None:
    await exhaust(proxied, "203.0.113.7")
    for _ in range(2 * BURST):
        answer = await request(proxied, "GET", "/messages/sync", client="203.0.113.7", user=ME)
        assert answer.status == 200
        answer = await request(proxied, "GET", "/messages/sync?page=x", client="203.0.113.7", user=ME)
        assert answer.status in (200, 422)


async def test_what_a_client_puts_before_the_proxys_element_neither_evades_nor_blames(
    proxied: GatewayFixture,
) -> None:
    for number in range(2 * BURST):
        answer = await request(proxied, "GET", "/messages/sync", client=f"198.51.100.{number}, 203.0.113.7")
    assert answer.status == 429
    assert (await request(proxied, "GET", "/messages/sync", client="198.51.100.1")).status == 401


async def test_an_ipv6_client_has_one_allowance_for_its_64(proxied: GatewayFixture) -> None:
    for number in range(2 * BURST):
        answer = await request(proxied, "GET", "/messages/sync", client=f"2001:db8:0:1::{number:x}")
    assert answer.status == 429
    assert (await request(proxied, "GET", "/messages/sync", client="2001:db8:0:2::1")).status == 401


@pytest.mark.parametrize("trusted", ["", "none", "127.0.0.1"])
async def test_loopback_and_proxies_are_not_limited(trusted: str) -> None:
    limits = {"address_requests_per_second": 1, "address_upgrades_per_second": 1, "address_connections": 1}
    async with run_gateway(trusted_proxies=trusted, **limits) as gateway:
        for _ in range(10):
            assert (await gateway.http.get("/messages/sync")).status_code == 401


async def test_without_trusted_proxies_the_header_counts_for_nothing() -> None:
    async with run_gateway(trusted_proxies="none", address_requests_per_second=1) as gateway:
        for _ in range(10):
            assert (await request(gateway, "GET", "/messages/sync", client="203.0.113.7")).status == 401


async def test_upgrades_without_token_are_limited_by_address(proxied: GatewayFixture) -> None:
    def headers(client: str) -> dict[str, str]:
        return {"X-Forwarded-For": client}

    async def upgrade(client: str) -> None:
        async with proxied.connect(None, additional_headers=headers(client)) as socket:
            assert (await socket.wait_closed())[0] == 4401

    for _ in range(BURST):
        await upgrade("203.0.113.7")

    async def upgrade_until_refused() -> None:
        for _ in range(2 * BURST):
            await upgrade("203.0.113.7")

    with pytest.raises(InvalidStatus) as refused:
        await upgrade_until_refused()
    assert refused.value.response.status_code == 429
    assert int(refused.value.response.headers["Retry-After"]) >= 1
    await upgrade("203.0.113.8")
    async with proxied.connected(ME, additional_headers=headers("203.0.113.7")):
        pass


async def test_with_access_tokens_forged_ones_count_and_meid_proves_nothing() -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.7"}
    call = "/messages/conversations?meId=ann"
    async with (
        serve_issuer() as issuer,
        run_gateway(
            **issuer.settings, trusted_proxies="127.0.0.1", address_requests_per_second=RATE
        ) as gateway,
    ):
        while (await gateway.http.get(call, headers=issuer.bearer("ann"))).status_code == 503:
            pass  # until the keys are loaded
        forged = forwarded | {"Authorization": issuer.bearer("ann")["Authorization"] + "x"}
        statuses = [(await gateway.http.get(call, headers=forged)).status_code for _ in range(2 * BURST)]
        assert statuses[:BURST] == [401] * BURST
        assert statuses[-1] == 429
        assert (await gateway.http.get(call, headers=forwarded)).status_code == 429
        known = await gateway.http.get(call, headers=forwarded | issuer.bearer("ann"))
        assert known.status_code == 200


def test_a_rate_is_what_it_promises() -> None:
    buckets = TokenBuckets(RATE)
    refused = [buckets.exceeded("a") for _ in range(BURST + 5)]
    assert refused[:BURST] == [None] * BURST
    assert all(seconds is not None and 0 < seconds <= 1 / RATE for seconds in refused[BURST:])
    assert buckets.exceeded("b") is None
    assert all(TokenBuckets(0).exceeded("a") is None for _ in range(10_000))


@pytest.mark.parametrize(
    ("client", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8::1:2:3:4", "2001:db8::/64"),
        ("127.0.0.9", None),
        ("::1", None),
        ("10.1.2.3", None),
        ("", None),
        (None, None),
    ],
)
def test_addresses_are_counted_by_key(client: str | None, key: str | None) -> None:
    proxies = TrustedProxies.parse(["10.0.0.0/8"])
    limits = AddressLimits(proxies, requests=TokenBuckets(1), upgrades=TokenBuckets(1))
    assert limits.key(client) == key
    assert AddressLimits(None, limits.requests, limits.upgrades).key(client) is None


async def test_a_limited_address_still_gets_whole_answers_on_one_connection(proxied: GatewayFixture) -> None:
    """The refusal replaces the whole response, so that the next one is not taken for its rest."""
    await exhaust(proxied, "203.0.113.7")
    reader, writer = await asyncio.open_connection("127.0.0.1", proxied.port)
    head = b"GET /docs HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n"
    async with asyncio.timeout(10):
        for _ in range(2):
            writer.write(head)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 429 ")
            size = next(line for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length"))
            assert b"too_many" in await reader.readexactly(int(size.partition(b":")[2]))
    writer.close()
    await writer.wait_closed()
