"""The operators' call that revokes a user's tokens."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from gateway.api.routes.revoke import MAX_BODY_BYTES
from gateway.app import build_operator_calls
from shared.contract import events
from shared.contract.position import Position
from shared.http.health import Health
from shared.service.admin_app import build_admin_app
from tests.unit.gateway.gateway_fixture import EPOCH, GatewayFixture


@dataclass
class AdminPort:
    gateway: GatewayFixture
    http: httpx.AsyncClient

    async def revoke(self, **options: Any) -> httpx.Response:
        return await self.http.post("/revoke", **{"headers": {"Authorization": "Bearer ops"}, **options})

    def revocations(self, user: str) -> list[events.UserRevoked]:
        written = self.gateway.written_events()
        return [
            e for e in written if isinstance(e, events.UserRevoked) and e.subject == events.user_key(user)
        ]


@pytest.fixture
async def admin(gateway: GatewayFixture) -> AsyncIterator[AdminPort]:
    app = build_admin_app(Health(list, list), build_operator_calls(gateway.components))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://admin") as http:
        yield AdminPort(gateway, http)


async def test_a_revocation_is_answered_when_its_event_is_in_the_log(admin: AdminPort) -> None:
    response = await admin.revoke(json={"userId": "Ann Ä."})
    assert response.status_code == 202
    (event,) = admin.revocations("Ann Ä.")
    assert (event.actor, event.data.user_id, event.data.revoked_at) == ("ops", "Ann Ä.", event.time)
    position = Position.parse(response.json()["position"])
    assert position.epoch == EPOCH
    assert position.partition == admin.gateway.partition_of("user:Ann Ä.")


async def test_without_a_confirmation_it_is_not_accepted(admin: AdminPort) -> None:
    admin.gateway.broker.away = True
    try:
        response = await admin.revoke(json={"userId": "bob"})
    finally:
        admin.gateway.broker.away = False
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert int(response.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"json": {"userId": "eve"}, "headers": {}}, 401),
        ({"json": {"userId": "eve"}, "headers": {}, "params": {"meId": "ops"}}, 401),
        ({"json": {"userId": "eve"}, "headers": {"Authorization": "Basic eve"}}, 401),
        ({"content": b"{"}, 400),
        ({"content": b""}, 400),
        ({"content": b"x" * (MAX_BODY_BYTES + 1)}, 413),
        ({"json": {}}, 422),
        ({"json": {"userId": " eve"}}, 422),
        ({"json": {"userId": ""}}, 422),
        ({"json": {"userId": "e" * 129}}, 422),
        ({"json": {"userId": "eve", "revokedAt": "2030-01-01T00:00:00.000Z"}}, 422),
        ({"json": ["eve"]}, 422),
    ],
)
async def test_a_bad_call_revokes_nothing(admin: AdminPort, options: dict[str, Any], status: int) -> None:
    before = len(admin.gateway.written_events())
    assert (await admin.revoke(**options)).status_code == status
    assert len(admin.gateway.written_events()) == before
