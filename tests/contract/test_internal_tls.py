"""Store and notifiers prove themselves to gateways by certificates, before they get the services' token."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from gateway.notifiers.link import NotifierLink
from gateway.notifiers.subscriptions import UserSubscriptions
from gateway.settings import Address
from gateway.store.client import HttpStore, StoreAway, StoreUnavailable
from shared.http.server import build_server, require_tls
from shared.http.service_token import ServicesOnly, authorization
from shared.internal import store_api
from shared.internal.link_protocol import SUBPROTOCOL
from shared.internal.store_api import ProjectionOffsets
from shared.runtime.service_settings import CallerSettings, ServedSettings
from shared.runtime.settings import ProcessSettings
from tests.fixtures.certificates import Authority
from tests.fixtures.service_token import SERVICE_TOKEN

PROGRESS = ProjectionOffsets("e" * 16, (7,))


class Served(ServedSettings, ProcessSettings):
    """Settings of a server of these tests."""


class Server:
    """A store and a notifier in one, which records the tokens that it is given."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        self.tokens += [value.decode() for name, value in scope["headers"] if name == b"authorization"]
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
            while (await receive())["type"] != "websocket.disconnect":
                pass
            return
        headers = [(store_api.PROTOCOL_HEADER.encode(), str(store_api.PROTOCOL).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": PROGRESS.encode()})


@asynccontextmanager
async def serving(certificate: Path | None) -> AsyncIterator[tuple[Server, int]]:
    app = Server()
    settings = Served(
        service_token=SERVICE_TOKEN,
        tls_cert_file=certificate,
        tls_key_file=certificate,
    )
    server = build_server(ServicesOnly(app, settings.service_tokens), settings, grace=1)
    if settings.key_pair is not None:
        require_tls(server, settings.key_pair)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield app, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "own")


@pytest.fixture
def tls(authority: Authority) -> ssl.SSLContext:
    """What a gateway trusts."""
    caller = CallerSettings.model_validate(
        {"service_token": SERVICE_TOKEN, "internal_ca_file": authority.certificate}
    )
    context = caller.internal_tls()
    assert context is not None
    return context


async def test_a_store_with_a_certificate_of_the_authority_answers(
    authority: Authority, tls: ssl.SSLContext
) -> None:
    async with (
        serving(authority.issue("store")) as (_, port),
        HttpStore(f"https://127.0.0.1:{port}", SERVICE_TOKEN, tls) as store,
    ):
        assert await store.progress() == PROGRESS


def _false_certificate(kind: str, authority: Authority, folder: Path) -> Path | None:
    match kind:
        case "of another authority":
            return Authority(folder / "other").issue("store")
        case "for another host":
            return authority.issue("store", address="127.0.0.99")
        case "expired":
            return authority.issue("store", days=-1)
        case _:
            return None


FALSE = ["of another authority", "for another host", "expired", "none"]


@pytest.mark.parametrize("kind", FALSE)
async def test_a_false_store_is_not_away_is_logged_once_and_never_learns_the_token(
    authority: Authority, tls: ssl.SSLContext, tmp_path: Path, kind: str
) -> None:
    async with serving(_false_certificate(kind, authority, tmp_path)) as (server, port):
        with capture_logs() as logs:
            async with HttpStore(f"https://127.0.0.1:{port}", SERVICE_TOKEN, tls) as store:
                for _ in range(2):
                    with pytest.raises(StoreUnavailable) as refused:
                        await store.progress()
                    assert not isinstance(refused.value, StoreAway), "it would let writes through unchecked"
        assert server.tokens == []
    (line,) = [entry for entry in logs if entry["event"] == "store.refused"]
    assert "INTERNAL_CA_FILE" in line["reason"]


@asynccontextmanager
async def linked(port: int, tls: ssl.SSLContext | None) -> AsyncIterator[NotifierLink]:
    link = NotifierLink(
        Address("127.0.0.1", port),
        "g1",
        UserSubscriptions(),
        on_message=lambda link, message: None,
        on_disconnect=lambda: None,
        tls=tls,
        server_name="127.0.0.1",
    )
    async with aiohttp.ClientSession(headers=authorization(SERVICE_TOKEN)) as session:
        running = asyncio.create_task(link.run(session))
        try:
            yield link
        finally:
            running.cancel()
            await asyncio.wait([running])


async def _until(condition: Any, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_notifier_with_a_certificate_of_the_authority_is_linked(
    authority: Authority, tls: ssl.SSLContext
) -> None:
    async with serving(authority.issue("notifier")) as (_, port), linked(port, tls) as link:
        await _until(lambda: link.is_connected)


@pytest.mark.parametrize("kind", FALSE)
async def test_a_false_notifier_is_never_linked_and_never_learns_the_token(
    authority: Authority, tls: ssl.SSLContext, tmp_path: Path, kind: str
) -> None:
    with capture_logs() as logs:
        async with (
            serving(_false_certificate(kind, authority, tmp_path)) as (server, port),
            linked(port, tls) as link,
        ):
            await _until(lambda: any(entry["event"] == "link.untrusted" for entry in logs))
            assert not link.is_connected
        assert server.tokens == []
    assert [entry["event"] for entry in logs].count("link.untrusted") == 1


async def test_a_gateway_that_calls_in_the_clear_is_not_served_by_a_port_with_tls(
    authority: Authority,
) -> None:
    async with serving(authority.issue("store")) as (server, port):
        async with HttpStore(f"http://127.0.0.1:{port}", SERVICE_TOKEN) as store:
            with pytest.raises(StoreUnavailable):
                await store.progress()
        assert server.tokens == []
