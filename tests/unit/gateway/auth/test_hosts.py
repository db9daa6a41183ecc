"""Which hosts the gateway answers as: what a page whose name was rebound to this machine gets."""

from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
from starlette.responses import PlainTextResponse
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from gateway.auth import hosts
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway, unique_user
from tests.unit.gateway.raw import LOCAL, Answer, ask

REBOUND = "rebind.evil.example"

OWN = [
    "localhost",
    "LocalHost:1",
    "chat.localhost:8000",
    "127.0.0.1",
    "127.200.3.4:65535",
    "[::1]",
    "[::1]:8000",
    "localhost:",
]
FOREIGN = [
    REBOUND,
    f"{REBOUND}:8000",
    "localhost.",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.256",
    "128.0.0.1",
    "2130706433",
    "0x7f.1",
    "0.0.0.0",
    "[::]",
    "[::ffff:127.0.0.1]",
    "localhost,evil.example",
    "evil-localhost",
    ".localhost",
]
NONE = ["", ":8000", "evil@localhost", "localhost/x", "local host", "localhost:x", "::1", "[::1", "løcalhost"]


@pytest.fixture(scope="module")
async def named() -> AsyncIterator[GatewayFixture]:
    """A gateway with names of its own."""
    async with run_gateway(
        public_url="https://Chat.Example:8443", allowed_hosts="10.1.2.3, bücher.example"
    ) as gateway:
        yield gateway


async def _answer(
    gateway: GatewayFixture, *hosts: str, target: str = "GET /messages/sync?meId=ana"
) -> Answer:
    method, path = target.split()
    return await ask(gateway.port, method, path, [("Host", host) for host in hosts])


@pytest.mark.parametrize("host", OWN)
async def test_with_dev_every_name_of_this_machine_is_the_gateways_at_any_port(
    gateway: GatewayFixture, host: str
) -> None:
    assert (await _answer(gateway, host)).status == 200


@pytest.mark.parametrize("host", FOREIGN)
async def test_a_host_that_is_none_of_the_gateways_is_misdirected(gateway: GatewayFixture, host: str) -> None:
    answer = await _answer(gateway, host)
    assert (answer.status, answer.code) == (421, "bad_request")
    assert b"ALLOWED_HOSTS" in answer.body


@pytest.mark.parametrize("host", NONE)
async def test_what_is_no_host_is_a_bad_request(gateway: GatewayFixture, host: str) -> None:
    answer = await _answer(gateway, host)
    assert (answer.status, answer.code) == (400, "bad_request")


@pytest.mark.parametrize("given", [(), ("localhost", "localhost"), ("localhost", "evil.example")])
async def test_no_host_and_two_hosts_are_a_bad_request(
    gateway: GatewayFixture, given: tuple[str, ...]
) -> None:
    answer = await _answer(gateway, *given)
    assert (answer.status, answer.code) == (400, "bad_request")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("chat.example", 200),
        ("CHAT.example:1234", 200),
        ("10.1.2.3:8000", 200),
        ("xn--bcher-kva.example", 200),
        ("chat.example.", 421),
        ("www.chat.example", 421),
        ("localhost", 200),
    ],
)
async def test_a_gateway_answers_as_its_public_url_and_its_allowed_hosts(
    named: GatewayFixture, host: str, status: int
) -> None:
    assert (await _answer(named, host)).status == status


async def test_without_dev_this_machine_is_no_name_of_the_gateways() -> None:
    """No identity but `dev` is there yet."""
    app = hosts.HostCheckMiddleware(PlainTextResponse("passed on"), ["chat.example"], loopback=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        own, local = await http.get("http://chat.example/"), await http.get("http://localhost/")
    assert (own.status_code, local.status_code) == (200, 421)


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/metrics", "/ws", "/nowhere", "/messages"])
async def test_every_path_asks_for_the_host(gateway: GatewayFixture, path: str) -> None:
    assert (await _answer(gateway, REBOUND, target=f"GET {path}")).status == 421
    assert (await _answer(gateway, REBOUND, target=f"OPTIONS {path}")).status == 421


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_come_by_any_name(gateway: GatewayFixture, path: str) -> None:
    assert (await _answer(gateway, REBOUND, target=f"GET {path}")).status == 200


async def test_a_page_that_was_rebound_reads_and_writes_nothing(gateway: GatewayFixture) -> None:
    ana, origin = unique_user(), Origin(f"http://{REBOUND}:{gateway.port}")
    talk = await gateway.start_direct(ana, unique_user())
    before = len(gateway.written_events())
    headers = {"Host": f"{REBOUND}:{gateway.port}"}
    listed = await gateway.http.get(f"/messages/conversations?meId={ana}", headers=headers)
    body = f'{{"conversationId": "{talk}", "text": "hello"}}'
    sent = await gateway.http.post(
        f"/messages?meId={ana}", content=body, headers=headers | {"Origin": origin}
    )
    assert (listed.status_code, sent.status_code) == (421, 421)
    assert talk not in listed.text
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://{REBOUND}:{gateway.port}/ws?token={ana}", host="127.0.0.1", origin=origin):
            pass
    assert refused.value.response.status_code == 421
    assert orjson.loads(refused.value.response.body)["code"] == "bad_request"
    assert len(gateway.written_events()) == before


async def test_an_upgrade_names_one_host(gateway: GatewayFixture) -> None:
    upgrade = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    for named in ([], [LOCAL, LOCAL]):
        answer = await ask(gateway.port, "GET", f"/ws?token={unique_user()}", [*named, *upgrade])
        assert (answer.status, answer.code) == (400, "bad_request")


@pytest.mark.parametrize(
    ("given", "spelt"),
    [
        ("Chat.Example", "chat.example"),
        ("chat.example:8000", "chat.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("::1", "[::1]"),
        ("[0:0::1]:8000", "[::1]"),
        ("chat.example.", "chat.example."),
    ],
)
def test_names_are_spelt_as_browsers_spell_them(given: str, spelt: str) -> None:
    assert hosts.canonical_host(given) == spelt


@pytest.mark.parametrize(
    "given", ["https://chat.example", "chat.example/x", "u@chat.example", "a b", "*", "x?y", "x#y", ":80"]
)
def test_what_is_no_name_is_refused_as_one(given: str) -> None:
    with pytest.raises(ValueError, match="is not a host name"):
        hosts.canonical_host(given)
