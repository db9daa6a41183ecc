"""Gateways behind a real nginx, with the configuration that deploy/nginx gives to users."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.fixtures.certificates import Authority
from tests.fixtures.issuer import serve_issuer
from tests.fixtures.nginx import PREFIX, Nginx, run_nginx
from tests.fixtures.notifier_processes import free_port
from tests.unit.gateway.auth.test_jwt_calls import ready
from tests.unit.gateway.gateway_fixture import (
    GatewayFixture,
    SocketClient,
    run_gateway,
    unique_user,
)

PROXIED: dict[str, Any] = {"root_path": PREFIX, "trusted_proxies": "127.0.0.1"}


@pytest.fixture(scope="module")
async def gateway() -> AsyncIterator[GatewayFixture]:
    async with run_gateway(**PROXIED) as gateway:
        yield gateway


@pytest.fixture(scope="module", params=[False, True], ids=["passes the prefix on", "removes the prefix"])
async def nginx(gateway: GatewayFixture, request: pytest.FixtureRequest) -> AsyncIterator[Nginx]:
    async with run_nginx([gateway.port], strips_prefix=request.param) as nginx:
        yield nginx


@pytest.fixture
async def http(nginx: Nginx) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{nginx.authority}") as http:
        yield http


async def test_calls_and_sockets_come_through(nginx: Nginx, http: httpx.AsyncClient) -> None:
    started = await http.post("/messages/start?meId=ann", json={"peerId": "ben"})
    assert started.status_code == 200, started.text
    async with connect(f"ws://{nginx.authority}/ws?token=ben") as socket:
        client = SocketClient(socket)
        assert (await client.receive())["type"] == "hello"
        await client.receive("synced")
        await client.send(type="message", conversationId=started.json()["id"], text="hello", clientId="c-1")
        assert (await client.receive("accepted"))["clientId"] == "c-1"
        async with asyncio.timeout(10):
            await (await socket.ping())
    page = await http.get("/messages/conversations?meId=ann")
    assert page.headers["Cache-Control"] == "no-store"


async def test_a_page_under_the_prefix_finds_what_it_needs(http: httpx.AsyncClient) -> None:
    for path in ("/", "/docs", "/openapi.json", "/static-offline-docs/swagger-ui.css", "/healthz"):
        answer = await http.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (await http.get("/openapi.json")).json()["servers"] == [{"url": PREFIX}]


async def test_the_prefix_alone_is_redirected(nginx: Nginx) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"http://127.0.0.1:{nginx.port}{PREFIX}?user=ann")
    assert answer.status_code == 308
    assert httpx.URL(answer.headers["Location"]).raw_path == f"{PREFIX}/?user=ann".encode()


async def test_refusals_are_the_gateways_own(http: httpx.AsyncClient) -> None:
    too_big = await http.post("/messages?meId=ann", content=b"x" * 200_000)
    assert (too_big.status_code, too_big.json()["code"]) == (413, "too_big")
    too_long = await http.get(f"/messages/sync?{'a' * 9_000}")
    assert (too_long.status_code, too_long.json()["code"]) == (414, "too_big")
    too_many = await http.get("/messages/sync", headers={"X-Long": "a" * 20_000})
    assert (too_many.status_code, too_many.json()["code"]) == (431, "too_big")


async def test_a_big_page_comes_whole(gateway: GatewayFixture, http: httpx.AsyncClient) -> None:
    peer = unique_user()
    conversation = await gateway.start_direct("ann", peer)
    texts = [f"{number} {'ä' * 7_000}" for number in range(30)]
    for text in texts:
        answer = await http.post("/messages?meId=ann", json={"conversationId": conversation, "text": text})
        assert answer.status_code == 202
    page = await http.get(f"/messages/history?meId={peer}&conversationId={conversation}&limit=100")
    assert [item["text"] for item in page.json()["items"]] == texts


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.5"])
async def test_the_clients_address_is_that_of_nginxs_peer(
    nginx: Nginx, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """127.0.0.1 is a trusted proxy, so what it forwards counts; 127.0.0.5 is a client that lies."""
    client = "203.0.113.7" if source == "127.0.0.1" else source
    monkeypatch.setattr("shared.runtime.security_events._log._due_at", {})
    transport = httpx.AsyncHTTPTransport(local_address=source)
    forged = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7", "Forwarded": "for=198.51.100.2"}
    with structlog.testing.capture_logs() as lines:
        async with httpx.AsyncClient(transport=transport, headers=forged) as http:
            answer = await http.get(f"http://{nginx.authority}/messages/sync")
    assert answer.status_code == 401
    assert [line["client"] for line in lines if line["event"] == "security.event"] == [client]


async def test_forwarded_scheme_and_host_change_nothing(nginx: Nginx, http: httpx.AsyncClient) -> None:
    """A client may send these, and nginx passes them on: the gateway's own origin is PUBLIC_URL."""
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil"}
    plain, same = await http.get("/docs"), await http.get("/docs", headers=forged)
    assert same.text == plain.text
    assert "evil" not in (await http.get("/openapi.json", headers=forged)).text
    async with httpx.AsyncClient() as other:
        misdirected = {"Host": "evil.example", "X-Forwarded-Host": f"127.0.0.1:{nginx.port}"}
        answer = await other.get(f"http://{nginx.authority}/messages/sync?meId=ann", headers=misdirected)
    assert answer.status_code == 421


async def test_a_silent_socket_outlives_the_read_timeout() -> None:
    """Heartbeats come more often than nginx gives up."""
    async with (
        run_gateway(**PROXIED, heartbeat_seconds=1) as gateway,
        run_nginx([gateway.port], read_timeout="2s") as nginx,
        connect(f"ws://{nginx.authority}/ws?token=ann", ping_interval=None) as socket,
    ):
        client = SocketClient(socket)
        await client.receive("synced")
        for _ in range(5):
            await client.receive("cursor")
        async with asyncio.timeout(10):
            await (await socket.ping())


async def test_clients_of_a_gateway_that_stops_go_on_at_another() -> None:
    async with (
        run_gateway(**PROXIED) as first,
        run_gateway(**PROXIED) as second,
        run_nginx([first.port, second.port]) as nginx,
        AsyncExitStack() as stack,
    ):
        url = f"ws://{nginx.authority}/ws?token=ann"
        sockets = [await stack.enter_async_context(connect(url)) for _ in range(4)]
        for socket in sockets:
            await SocketClient(socket).receive("synced")
        leaving = len(first.components.connections.all())
        assert 0 < leaving < len(sockets)
        first.stop.set()
        waiting = {asyncio.create_task(_sent_elsewhere(socket)) for socket in sockets}
        async with asyncio.timeout(20):
            while sum(task.done() for task in waiting) < leaving:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=0.1)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        async with httpx.AsyncClient(base_url=f"http://{nginx.authority}") as http:
            for _ in range(leaving):
                await _return(url)
                answer = await http.post("/messages/start?meId=ann", json={"peerId": "ben"})
                assert answer.status_code == 200
        assert len(second.components.connections.all()) >= len(sockets) - leaving


async def _return(url: str) -> None:
    """Connect as a client does that was sent elsewhere: again, while it meets the gateway that stops."""
    async with asyncio.timeout(20):
        while True:
            async with connect(url) as socket:
                with suppress(ConnectionClosed):
                    assert '"hello"' in str(await socket.recv())
                    return


async def _sent_elsewhere(socket: ClientConnection) -> None:
    """Return once the gateway asks this client to reconnect, or closes."""
    with suppress(ConnectionClosed):
        while '"reconnect"' not in str(await socket.recv()):
            pass


async def test_tokens_are_not_in_nginxs_log(nginx: Nginx) -> None:
    async with connect(f"ws://{nginx.authority}/ws?token=canary-7d21") as socket:
        await SocketClient(socket).receive("synced")
    async with asyncio.timeout(10):
        while '/ws HTTP/1.1" 101' not in nginx.access_log.read_text():  # written when the socket ends
            await asyncio.sleep(0.02)
    assert "canary-7d21" not in nginx.access_log.read_text()


async def test_over_tls_the_page_is_of_the_public_url_and_no_other(tmp_path: Path) -> None:
    """As users have it: TLS ends at nginx, and PUBLIC_URL is https."""
    authority, port = Authority(tmp_path), free_port()
    trusted = ssl.create_default_context(cafile=authority.certificate)
    origin = f"https://127.0.0.1:{port}"
    async with serve_issuer() as issuer:
        settings = {**issuer.settings, **PROXIED, "public_url": origin}
        async with (
            run_gateway(**settings) as gateway,
            run_nginx([gateway.port], certificate=authority.issue("nginx"), port=port) as nginx,
            httpx.AsyncClient(base_url=f"https://{nginx.authority}", verify=trusted) as http,
        ):
            await ready(gateway, issuer)
            ann = issuer.bearer("ann")
            page = await http.get("/messages/conversations", headers=ann)
            assert page.status_code == 200
            assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
            for page_origin, status in ((origin, 200), (origin.replace("https", "http"), 403)):
                headers = {**ann, "Origin": page_origin}
                answer = await http.post("/messages/start", json={"peerId": "ben"}, headers=headers)
                assert answer.status_code == status, page_origin
            offered = [Subprotocol("parley.v1"), Subprotocol(f"bearer.{issuer.token('ann')}")]
            async with connect(
                f"wss://{nginx.authority}/ws", ssl=trusted, subprotocols=offered, origin=Origin(origin)
            ) as socket:
                assert (await SocketClient(socket).receive())["type"] == "hello"
            with pytest.raises(InvalidStatus):
                async with connect(
                    f"wss://{nginx.authority}/ws",
                    ssl=trusted,
                    subprotocols=offered,
                    origin=Origin(origin.replace("https", "http")),
                ):
                    pass
            async with httpx.AsyncClient() as plain:
                answer = await plain.get(f"http://{nginx.authority}/healthz")
            assert (answer.status_code, "parley" in answer.text) == (400, False)
