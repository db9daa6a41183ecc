"""AUTH=jwt: revoked access tokens over REST, on open sockets, in renewals and in tickets."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from gateway.auth.credentials import Credentials
from gateway.auth.revocations import Revocations, UnrevokedAuthenticator
from shared.contract.fields import timestamp
from shared.http.problems import Problem
from tests.fixtures import builders
from tests.fixtures.issuer import Issuer, serve_issuer
from tests.unit.gateway.gateway_fixture import GatewayFixture, SocketClient, run_gateway, unique_user

CALL = "/messages/conversations"
TICKETS = "/messages/ws-tickets"


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with serve_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="module")
async def gateway(issuer: Issuer) -> AsyncIterator[GatewayFixture]:
    async with run_gateway(**issuer.settings) as gateway:
        await until_decided(gateway, issuer.token("ann"))
        yield gateway


async def until_decided(gateway: GatewayFixture, token: str) -> int:
    """Return the first status that is not 503."""
    async with asyncio.timeout(10):
        while (status := (await call(gateway, token)).status_code) == 503:
            await asyncio.sleep(0.01)
    return status


async def call(gateway: GatewayFixture, token: str) -> httpx.Response:
    return await gateway.http.get(CALL, headers={"Authorization": f"Bearer {token}"})


async def ticket_for(gateway: GatewayFixture, token: str) -> str:
    response = await gateway.http.post(TICKETS, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 200, response.text
    return str(response.json()["ticket"])


@asynccontextmanager
async def socket(gateway: GatewayFixture, token: str) -> AsyncIterator[SocketClient]:
    headers = {"Authorization": f"Bearer {token}"}
    async with connect(f"ws://127.0.0.1:{gateway.port}/ws", additional_headers=headers) as connection:
        client = SocketClient(connection)
        assert (await client.receive())["type"] == "hello"
        assert (await client.receive())["type"] == "synced"
        yield client


async def close_code(connection: ClientConnection) -> int | None:
    async with asyncio.timeout(10):
        await connection.wait_closed()
    return connection.close_code


def revoke(gateway: GatewayFixture, user: str, at: float | None = None) -> None:
    moment = time.time() if at is None else at
    gateway.components.revocations.revoke(user, timestamp(datetime.fromtimestamp(moment, UTC)))


def earlier(issuer: Issuer, user: str) -> str:
    return issuer.token(user, iat=int(time.time()) - 10)


async def test_a_revoked_token_is_refused_and_a_later_one_is_not(
    gateway: GatewayFixture, issuer: Issuer
) -> None:
    user = unique_user()
    old = earlier(issuer, user)
    assert (await call(gateway, old)).status_code == 200
    revoke(gateway, user, at=time.time() - 2)
    refused = await call(gateway, old)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert refused.json() == (await call(gateway, "nonsense")).json()
    assert (await call(gateway, issuer.token(user))).status_code == 200
    assert (await call(gateway, earlier(issuer, unique_user()))).status_code == 200


async def test_its_socket_is_closed_and_that_of_a_later_token_stays(
    gateway: GatewayFixture, issuer: Issuer
) -> None:
    user = unique_user()
    async with socket(gateway, earlier(issuer, user)) as old:
        revoke(gateway, user, at=time.time() - 2)
        assert await close_code(old.socket) == 4401
    async with socket(gateway, issuer.token(user)) as new:
        revoke(gateway, user, at=time.time() - 5)
        await new.send(type="message", conversationId="x", text="still here")
        assert (await new.receive())["type"] == "error"


async def test_a_socket_that_was_renewed_by_a_later_token_stays(
    gateway: GatewayFixture, issuer: Issuer
) -> None:
    user = unique_user()
    revoked_at = time.time() - 5
    async with socket(gateway, issuer.token(user, iat=int(time.time()) - 10)) as client:
        await client.send(type="auth", token=issuer.token(user))
        assert (await client.receive())["type"] == "authenticated"
        revoke(gateway, user, revoked_at)
        await client.send(type="message", conversationId="x", text="still here")
        assert (await client.receive())["type"] == "error"


async def test_a_revoked_token_does_not_renew_a_socket(gateway: GatewayFixture, issuer: Issuer) -> None:
    user = unique_user()
    revoke(gateway, user, at=time.time() - 5)
    async with socket(gateway, issuer.token(user)) as client:
        await client.send(type="auth", token=earlier(issuer, user))
        assert await close_code(client.socket) == 4401


async def test_a_ticket_of_a_revoked_token_is_refused(gateway: GatewayFixture, issuer: Issuer) -> None:
    user = unique_user()
    first, second = [await ticket_for(gateway, earlier(issuer, user)) for _ in range(2)]
    async with gateway.connect(first) as client:
        assert (await client.receive())["userId"] == user
    revoke(gateway, user)
    async with gateway.connect(second) as client:
        assert await close_code(client.socket) == 4401


async def test_the_socket_of_a_ticket_expires_with_the_token(gateway: GatewayFixture, issuer: Issuer) -> None:
    user = unique_user()
    ticket = await ticket_for(gateway, issuer.token(user, exp=int(time.time()) + 2))
    async with gateway.connect(ticket) as client:
        assert (await client.receive())["userId"] == user
        assert await close_code(client.socket) == 4401


async def test_a_service_gets_no_ticket_for_a_user(gateway: GatewayFixture, issuer: Issuer) -> None:
    headers = {"Authorization": f"Bearer {issuer.token('bot', scope='service')}", "Act-As": unique_user()}
    assert (await gateway.http.get(CALL, headers=headers)).status_code == 200
    assert (await gateway.http.post(TICKETS, headers=headers)).status_code == 403


async def test_what_links_did_not_bring_is_loaded_from_the_store(
    gateway: GatewayFixture, issuer: Issuer
) -> None:
    user = unique_user()
    token = earlier(issuer, user)
    assert (await call(gateway, token)).status_code == 200
    async with socket(gateway, token) as client:
        gateway.write(builders.revoked(user, time=timestamp(datetime.now(UTC))))
        gateway.components.revocations.reload()
        assert await close_code(client.socket) == 4401
    assert (await call(gateway, token)).status_code == 401


async def test_until_revocations_are_loaded_a_gateway_is_not_ready(gateway: GatewayFixture) -> None:
    unloaded = Revocations(gateway.store, max_age=1, leeway=0, on_revoked=lambda *_: None)
    assert gateway.components.unready_reasons() == []
    components = dataclasses.replace(gateway.components, revocations=unloaded)
    assert components.unready_reasons() == ["revocations were not loaded yet"]


async def test_until_revocations_are_loaded_a_valid_token_is_answered_503(
    gateway: GatewayFixture, issuer: Issuer
) -> None:
    unloaded = Revocations(gateway.store, max_age=1, leeway=0, on_revoked=lambda *_: None)
    authenticator = UnrevokedAuthenticator(unloaded, gateway.components.authenticator)
    with pytest.raises(Problem) as refused:
        await authenticator.authenticate(Credentials(authorization=[f"Bearer {issuer.token('ann')}"]))
    assert refused.value.status == 503
