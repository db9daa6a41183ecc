"""Sockets that come with a ticket, and sockets whose tokens are revoked."""

import asyncio
import time
from datetime import UTC, datetime

import pytest
from websockets.exceptions import ConnectionClosed

from shared.contract.fields import timestamp
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway, unique_user

REVOKED = (4401, "the token was revoked; sign in again")


async def ticket_for(gateway: GatewayFixture, user: str) -> str:
    response = await gateway.http.post(f"/messages/ws-tickets?meId={user}")
    assert response.status_code == 200, response.text
    return str(response.json()["ticket"])


async def close_of(gateway: GatewayFixture, token: str) -> tuple[int, str]:
    """Connect with this token; return the close that comes instead of a frame."""
    async with gateway.connect(token) as client:
        with pytest.raises(ConnectionClosed) as closed:
            await client.receive()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def test_a_ticket_opens_one_socket_of_its_user(gateway: GatewayFixture) -> None:
    ana = unique_user()
    ticket = await ticket_for(gateway, ana)
    async with gateway.connect(ticket) as client:
        hello = await client.receive()
        assert (hello["type"], hello["userId"]) == ("hello", ana)
        assert (await close_of(gateway, ticket))[0] == 4401
        assert (await client.receive())["type"] == "synced"


async def test_of_sockets_that_come_with_one_ticket_at_once_one_is_let_in(gateway: GatewayFixture) -> None:
    ticket = await ticket_for(gateway, unique_user())

    async def first_frame() -> str:
        async with gateway.connect(ticket) as client:
            try:
                return str((await client.receive())["type"])
            except ConnectionClosed as closed:
                return str(closed.rcvd and closed.rcvd.code)

    assert sorted(await asyncio.gather(*(first_frame() for _ in range(5)))) == ["4401"] * 4 + ["hello"]


async def test_a_ticket_expires_30_seconds_after_it_was_made(gateway: GatewayFixture) -> None:
    response = await gateway.http.post(f"/messages/ws-tickets?meId={unique_user()}")
    expires_at = datetime.fromisoformat(response.json()["expiresAt"]).timestamp()
    assert 25 < expires_at - time.time() <= 30
    assert response.headers["cache-control"] == "no-store"


async def test_a_ticket_of_another_gateway_with_another_key_is_refused(gateway: GatewayFixture) -> None:
    async with run_gateway() as other:
        assert (await close_of(gateway, await ticket_for(other, unique_user())))[0] == 4401


async def test_while_the_store_is_away_a_ticket_is_for_later(gateway: GatewayFixture) -> None:
    ticket = await ticket_for(gateway, unique_user())
    gateway.store.away = True
    try:
        code, reason = await close_of(gateway, ticket)
    finally:
        gateway.store.away = False
    assert code == 1012
    assert reason.startswith("afterMs=")


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("", {}, 401),
        ("?meId=ana&meId=ana", {}, 400),
        ("?meId=%20ana", {}, 422),
        ("?meId=ana", {"Authorization": "Bearer ben"}, 403),
        ("?meId=ana", {"Origin": "https://elsewhere.example"}, 403),
    ],
)
async def test_a_ticket_is_made_for_authenticated_callers_only(
    gateway: GatewayFixture, query: str, headers: dict[str, str], status: int
) -> None:
    response = await gateway.http.post(f"/messages/ws-tickets{query}", headers=headers)
    assert response.status_code == status


async def test_a_revocation_closes_every_socket_of_its_user_and_no_other(gateway: GatewayFixture) -> None:
    ana, ben = unique_user(), unique_user()
    async with gateway.connected(ana) as first, gateway.connected(ana) as second:
        async with gateway.connected(ben) as other:
            gateway.components.revocations.revoke(ana, timestamp(datetime.now(UTC)))
            for client in (first, second):
                with pytest.raises(ConnectionClosed) as closed:
                    await client.receive()
                assert closed.value.rcvd is not None
                assert (closed.value.rcvd.code, closed.value.rcvd.reason) == REVOKED
            await other.send(type="message", conversationId="x", text="still here")
            assert (await other.receive())["type"] == "error"
        async with gateway.connected(ana):
            pass


async def test_a_revocation_that_is_loaded_again_leaves_sockets_that_were_opened_since(
    gateway: GatewayFixture,
) -> None:
    ana = unique_user()
    revoked_at = timestamp(datetime.fromtimestamp(time.time() - 1, UTC))
    async with gateway.connected(ana) as client:
        gateway.components.revocations.revoke(ana, revoked_at)
        await client.send(type="message", conversationId="x", text="still here")
        assert (await client.receive())["type"] == "error"
