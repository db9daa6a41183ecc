"""AUTH=jwt over WebSockets: where a token may be sent, its expiry and its renewal."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from gateway.auth.token_verifier import TokenVerifier
from shared.contract.fields import timestamp
from tests.fixtures.issuer import Issuer, serve_issuer
from tests.unit.gateway.auth.test_jwt_calls import BAD_TOKENS, CALL, ready
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with serve_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="module")
async def gateway(issuer: Issuer) -> AsyncIterator[GatewayFixture]:
    async with run_gateway(**issuer.settings) as gateway:
        await ready(gateway, issuer)
        yield gateway


def by_header(token: str) -> dict[str, Any]:
    return {"additional_headers": {"Authorization": f"Bearer {token}"}}


def by_subprotocol(token: str) -> dict[str, Any]:
    return {"subprotocols": [Subprotocol("parley.v1"), Subprotocol(f"bearer.{token}")]}


async def closed_with(gateway: GatewayFixture, **options: Any) -> tuple[int | None, str | None]:
    async with gateway.connect(None, **options) as client:
        return await client.wait_closed()


@pytest.mark.parametrize("place", [by_header, by_subprotocol])
async def test_a_token_names_the_user(gateway: GatewayFixture, issuer: Issuer, place: Any) -> None:
    async with gateway.connect(None, **place(issuer.token("ann"))) as client:
        assert (await client.receive("hello"))["userId"] == "ann"
        assert client.socket.subprotocol == ("parley.v1" if place is by_subprotocol else None)


async def test_the_answer_never_repeats_the_token(gateway: GatewayFixture, issuer: Issuer) -> None:
    token = issuer.token("ann")
    async with gateway.connect(None, **by_subprotocol(token)) as client:
        response = client.socket.response
        assert response is not None
        assert token not in str(response.headers)


@pytest.mark.parametrize("place", [by_header, by_subprotocol])
@pytest.mark.parametrize(
    "kind", ["no signature, alg none", "HMAC with the public key", "another audience", "expired by a second"]
)
async def test_a_bad_token_is_closed_with_the_one_4401(
    gateway: GatewayFixture, issuer: Issuer, place: Any, kind: str
) -> None:
    anonymous = await closed_with(gateway)
    assert anonymous[0] == 4401
    assert await closed_with(gateway, **place(BAD_TOKENS[kind](issuer))) == anonymous


@pytest.mark.parametrize("scope", ["service", "operator"])
async def test_a_token_without_the_scope_user_opens_no_socket(
    gateway: GatewayFixture, issuer: Issuer, scope: str
) -> None:
    assert (await closed_with(gateway, additional_headers=issuer.bearer("shop", scope=scope)))[0] == 4401


@pytest.mark.parametrize("scope", ["user", "service", "user service"])
async def test_an_upgrade_for_another_user_is_refused(
    gateway: GatewayFixture, issuer: Issuer, scope: str
) -> None:
    headers = {**issuer.bearer("shop", scope=scope), "Act-As": "ann"}
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://127.0.0.1:{gateway.port}/ws", additional_headers=headers):
            pass
    response = refused.value.response
    assert response.status_code == 403
    assert "Act-As is for calls" in str(orjson.loads(response.body or b"{}")["detail"])


async def test_one_token_in_one_place_is_enough_and_two_are_too_many(
    gateway: GatewayFixture, issuer: Issuer
) -> None:
    token = issuer.token("ann")
    both = by_header(token) | by_subprotocol(token)
    assert (await closed_with(gateway, **both))[0] == 4401
    twice = {"subprotocols": [Subprotocol("parley.v1"), *[Subprotocol(f"bearer.{token}")] * 2]}
    assert (await closed_with(gateway, **twice))[0] == 4401


async def test_a_token_in_the_url_is_refused_by_default(gateway: GatewayFixture, issuer: Issuer) -> None:
    anonymous = await closed_with(gateway)
    async with gateway.connect(issuer.token("ann")) as client:
        assert await client.wait_closed() == anonymous
    async with gateway.connect("ann") as client:
        assert await client.wait_closed() == anonymous


async def test_allowed_tokens_in_urls_are_warned_about_once(
    issuer: Issuer,
) -> None:
    token = issuer.token("ann")
    async with run_gateway(**issuer.settings, allow_url_tokens=True) as gateway:
        await ready(gateway, issuer)
        with capture_logs() as logs:
            for _ in range(3):
                async with gateway.connected(token):
                    pass
    assert [line["event"] for line in logs].count("auth.url_token") == 1
    assert token not in str(logs)


async def test_until_keys_are_known_a_socket_is_closed_with_a_delay(issuer: Issuer) -> None:
    settings = {**issuer.settings, "jwt_keys": "http://127.0.0.1:9/jwks"}
    async with run_gateway(**settings) as gateway:
        code, reason = await closed_with(gateway, **by_header(issuer.token("ann")))
        assert code == 1012
        assert reason is not None
        assert int(reason.removeprefix("afterMs=")) >= 5_000
        answer = await gateway.http.get(CALL, headers=issuer.bearer("ann"))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert (await gateway.http.get("/healthz")).status_code == 200
        assert (await gateway.http.get("/readyz")).status_code == 200


async def test_a_socket_is_closed_within_a_second_of_its_expiry(
    gateway: GatewayFixture, issuer: Issuer
) -> None:
    expires_at = int(time.time()) + 2
    async with gateway.connected(None, **by_header(issuer.token("ann", exp=expires_at))) as client:
        code, reason = await client.wait_closed()
    assert code == 4401
    assert reason is not None
    assert "expired" in reason
    assert expires_at <= time.time()


async def test_a_socket_is_renewed_without_reconnecting(gateway: GatewayFixture, issuer: Issuer) -> None:
    conversation = await _started(gateway, issuer, "ann", "bob")
    expires_at = int(time.time()) + 2
    async with gateway.connected(None, **by_header(issuer.token("ann", exp=expires_at))) as client:
        await client.send(type="auth", token=issuer.token("ann", exp=expires_at + 100))
        answer = await client.receive("authenticated")
        assert datetime.fromisoformat(answer["expiresAt"]).timestamp() == expires_at + 100
        while time.time() < expires_at + 0.2:  # the first token has expired
            await asyncio.sleep(0.05)
        await client.send(type="message", conversationId=conversation, text="Still here")
        await client.receive("accepted")


async def test_a_renewal_may_also_shorten_the_life_of_a_socket(
    gateway: GatewayFixture, issuer: Issuer
) -> None:
    async with gateway.connected(None, **by_header(issuer.token("ann"))) as client:
        await client.send(type="auth", token=issuer.token("ann", exp=int(time.time()) + 1))
        await client.receive("authenticated")
        assert (await client.wait_closed())[0] == 4401


@pytest.mark.parametrize(
    "kind",
    [
        "another user",
        "service",
        "no signature, alg none",
        "expired by a second",
        "a user id",
        "another audience",
    ],
)
async def test_a_bad_renewal_closes_the_socket(gateway: GatewayFixture, issuer: Issuer, kind: str) -> None:
    others = {"another user": issuer.token("eve"), "service": issuer.token("ann", scope="service")}
    token = others[kind] if kind in others else BAD_TOKENS[kind](issuer)
    conversation = await _started(gateway, issuer, "ann", "bob")
    before = len(gateway.written_events())
    async with gateway.connected(None, **by_header(issuer.token("ann"))) as client:
        await client.send(type="auth", token=token)
        await client.send(type="message", conversationId=conversation, text="Too late")
        code, reason = await client.wait_closed()
    assert code == 4401
    assert reason is not None
    assert token not in reason
    assert len(gateway.written_events()) == before


async def test_a_revoked_token_renews_nothing(issuer: Issuer) -> None:
    async with run_gateway(**issuer.settings) as gateway:
        await ready(gateway, issuer)
        older, newer = int(time.time()) - 100, int(time.time()) + 10
        async with gateway.connected(None, **by_header(issuer.token("ann"))) as client:
            gateway.components.revocations.revoke("ann", timestamp(datetime.fromtimestamp(older + 10, UTC)))
            await client.send(type="auth", token=issuer.token("ann"))
            await client.receive("authenticated")
            await client.send(type="auth", token=issuer.token("ann", iat=older))
            assert (await client.wait_closed())[0] == 4401
        async with gateway.connected(None, **by_header(issuer.token("ann"))) as client:
            gateway.components.revocations.revoke("ann", timestamp(datetime.fromtimestamp(newer, UTC)))
            assert (await client.wait_closed())[0] == 4401


@pytest.mark.parametrize(
    "frame", [{"type": "auth"}, {"type": "auth", "token": ""}, {"type": "auth", "token": "t", "user": "ann"}]
)
async def test_a_malformed_renewal_is_an_error_and_the_socket_goes_on(
    gateway: GatewayFixture, issuer: Issuer, frame: dict[str, str]
) -> None:
    async with gateway.connected(None, **by_header(issuer.token("ann"))) as client:
        await client.send(**frame)
        assert (await client.receive("error"))["code"] == "invalid"
        await client.send(type="auth", token=issuer.token("ann"))
        await client.receive("authenticated")


async def test_a_frame_costs_no_verification(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    verify = TokenVerifier.verify

    async def counted(self: TokenVerifier, token: str) -> Any:
        verified.append(token)
        return await verify(self, token)

    monkeypatch.setattr(TokenVerifier, "verify", counted)
    async with run_gateway(**issuer.settings) as gateway:
        await ready(gateway, issuer)
        conversation = await _started(gateway, issuer, "ann", "bob")
        async with gateway.connected(None, **by_header(issuer.token("ann"))) as client:
            before = len(verified)
            assert before > 0
            for number in range(20):
                await client.send(type="message", conversationId=conversation, text=f"{number}")
                await client.receive("accepted")
            assert len(verified) == before


async def test_with_auth_dev_a_renewal_is_answered_without_an_expiry() -> None:
    async with run_gateway() as gateway, gateway.connected("ann") as client:
        await client.send(type="auth", token="ann")
        assert await client.receive("authenticated") == {"type": "authenticated"}
        await client.send(type="auth", token="ben")
        assert (await client.wait_closed())[0] == 4401


async def test_with_auth_dev_a_subprotocol_names_the_user() -> None:
    async with run_gateway() as gateway, gateway.connect(None, **by_subprotocol("ann")) as client:
        assert (await client.receive("hello"))["userId"] == "ann"


async def _started(gateway: GatewayFixture, issuer: Issuer, user: str, peer: str) -> str:
    answer = await gateway.http.post("/messages/start", json={"peerId": peer}, headers=issuer.bearer(user))
    return str(answer.json()["id"])
