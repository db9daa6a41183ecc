"""AUTH=jwt over HTTP: which tokens are accepted, and the one answer to all others."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs

from shared.runtime import security_events
from tests.fixtures.issuer import AUDIENCE, Issuer, SigningKey, rsa_key, serve_issuer
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway

CALL = "/messages/conversations"


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with serve_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="module")
async def gateway(issuer: Issuer) -> AsyncIterator[GatewayFixture]:
    async with run_gateway(**issuer.settings) as gateway:
        await ready(gateway, issuer)
        yield gateway


async def ready(gateway: GatewayFixture, issuer: Issuer) -> None:
    """Return once the gateway has loaded the keys."""
    while (await gateway.http.get(CALL, headers=issuer.bearer("ann"))).status_code == 503:
        pass


def _segment(value: object) -> bytes:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def forged(issuer: Issuer, header: dict[str, Any], secret: bytes | None = None) -> str:
    """A token that is not signed, or by HMAC with `secret`."""
    signed = _segment(header) + b"." + _segment(issuer.claims("ann"))
    signature = b"" if secret is None else hmac.digest(secret, signed, hashlib.sha256)
    return (signed + b"." + urlsafe_b64encode(signature).rstrip(b"=")).decode()


def _by_stranger(issuer: Issuer) -> str:
    stranger = Issuer()
    stranger.keys[0].kid = issuer.keys[0].kid
    return stranger.token("ann")


def _own_key_in_header(issuer: Issuer, name: str) -> str:
    stranger = Issuer()
    value = {"jwk": stranger.keys[0].jwk(), "x5c": ["AAAA"]}.get(name, "https://evil.example/keys")
    return stranger.token("ann", header={"kid": issuer.keys[0].kid, name: value})


def _tampered(issuer: Issuer) -> str:
    header, _, signature = issuer.token("ann").split(".")
    return f"{header}.{_segment(issuer.claims('eve')).decode()}.{signature}"


now = time.time
BAD_TOKENS: dict[str, Callable[[Issuer], str]] = {
    "no token at all": lambda _: "",
    "a user id": lambda _: "ann",
    "three dots": lambda _: "...",
    "not base64": lambda _: "a!.b!.c!",
    "text that is no JSON": lambda _: "YQ.YQ.YQ",
    "no signature, alg none": lambda issuer: forged(issuer, {"alg": "none", "typ": "JWT"}),
    "no signature, alg None": lambda issuer: forged(issuer, {"alg": "None"}),
    "no signature, alg RS256": lambda issuer: forged(issuer, {"alg": "RS256", "kid": issuer.keys[0].kid}),
    "no alg": lambda issuer: forged(issuer, {"kid": issuer.keys[0].kid}),
    "an alg that is a list": lambda issuer: forged(issuer, {"alg": ["RS256"]}),
    "HMAC with the public key": lambda issuer: forged(
        issuer, {"alg": "HS256", "kid": issuer.keys[0].kid}, issuer.keys[0].pem()
    ),
    "HMAC with an empty secret": lambda issuer: forged(issuer, {"alg": "HS256"}, b""),
    "another RSA algorithm than the key's": lambda issuer: jwt.encode(
        issuer.claims("ann"), issuer.keys[0].private, "PS256", {"kid": issuer.keys[0].kid}
    ),
    "a stranger's signature": _by_stranger,
    "tampered claims": _tampered,
    "jku": lambda issuer: _own_key_in_header(issuer, "jku"),
    "x5u": lambda issuer: _own_key_in_header(issuer, "x5u"),
    "x5c": lambda issuer: _own_key_in_header(issuer, "x5c"),
    "jwk": lambda issuer: _own_key_in_header(issuer, "jwk"),
    "jku beside a good signature": lambda issuer: issuer.token("ann", header={"jku": "https://a.example"}),
    "a logout token": lambda issuer: issuer.token("ann", header={"typ": "logout+jwt"}),
    "an ID token by its type": lambda issuer: issuer.token("ann", header={"typ": "ID"}),
    "a type that is no text": lambda issuer: issuer.token("ann", header={"typ": ["JWT"]}),
    "crit": lambda issuer: issuer.token("ann", header={"crit": ["x"], "x": 1}),
    "a kid that is a path": lambda issuer: issuer.token("ann", header={"kid": "../../../../dev/null"}),
    "a kid that is SQL": lambda issuer: issuer.token("ann", header={"kid": "' or 1=1; drop table x; --"}),
    "a kid that is a URL": lambda issuer: issuer.token("ann", header={"kid": "http://127.0.0.1:1/"}),
    "another audience": lambda issuer: issuer.token("ann", aud="shop"),
    "no audience": lambda issuer: issuer.token("ann", aud=None),
    "an audience that is an object": lambda issuer: issuer.token("ann", aud={AUDIENCE: 1}),
    "another issuer": lambda issuer: issuer.token("ann", iss="https://login.example.evil.example"),
    "no issuer": lambda issuer: issuer.token("ann", iss=None),
    "expired by a second": lambda issuer: issuer.token("ann", iat=int(now()) - 60, exp=int(now()) - 1),
    "no exp": lambda issuer: issuer.token("ann", exp=None),
    "an exp that is text": lambda issuer: issuer.token("ann", exp=str(int(now()) + 60)),
    "an exp that is true": lambda issuer: issuer.token("ann", exp=True),
    "an exp beyond all numbers": lambda issuer: issuer.token("ann", exp=10**400),
    "an exp that is infinite": lambda issuer: issuer.token("ann", exp=float("inf")),
    "no iat": lambda issuer: issuer.token("ann", iat=None),
    "an iat that is NaN": lambda issuer: issuer.token("ann", iat=float("nan")),
    "an iat in the future": lambda issuer: issuer.token("ann", iat=int(now()) + 100),
    "an nbf in the future": lambda issuer: issuer.token("ann", nbf=int(now()) + 100),
    "a life above a day": lambda issuer: issuer.token("ann", exp=int(now()) + 86_500),
    "no sub": lambda issuer: issuer.token("ann", sub=None),
    "a sub that is a number": lambda issuer: issuer.token("ann", sub=7),
    "an empty sub": lambda issuer: issuer.token(""),
    "a sub with a control character": lambda issuer: issuer.token("an\nn"),
    "a sub with a space before it": lambda issuer: issuer.token(" ann"),
    "a sub of 129 characters": lambda issuer: issuer.token("a" * 129),
    "9 KiB": lambda issuer: issuer.token("ann", padding="p" * 7_000),
    "letters that are not ASCII": lambda _: "grüße.grüße.grüße",
}


@pytest.mark.parametrize("token", BAD_TOKENS.values(), ids=BAD_TOKENS)
async def test_a_bad_token_gets_the_one_401(
    gateway: GatewayFixture, issuer: Issuer, token: Callable[[Issuer], str]
) -> None:
    anonymous = await gateway.http.get(CALL)
    field = f"Bearer {token(issuer)}".strip().encode()
    refused = await gateway.http.get(CALL, headers={b"Authorization": field})
    assert refused.status_code == 401
    assert refused.content == anonymous.content
    assert refused.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("claims", "cause"),
    [({"aud": "shop"}, "InvalidAudienceError"), ({"iss": "https://other.example"}, "InvalidIssuerError")],
)
async def test_the_log_names_why_a_token_was_refused(
    gateway: GatewayFixture,
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
    claims: dict[str, Any],
    cause: str,
) -> None:
    monkeypatch.setattr(security_events, "_log", security_events.SecurityLog())
    headers = {"Authorization": f"Bearer {issuer.token('ann', **claims)}"}
    with capture_logs() as logs:
        await gateway.http.get(CALL, headers=headers)
    refused = [line for line in logs if line.get("kind") == "token_refused"]
    assert [line["reason"] for line in refused] == [cause]


async def test_a_token_of_16_kb_is_refused_with_the_head(gateway: GatewayFixture) -> None:
    refused = await gateway.http.get(CALL, headers={"Authorization": "Bearer " + "a" * 16_384})
    assert refused.status_code == 431


@pytest.mark.parametrize(
    "query", ["token={}", "access_token={}", "meId=ann&token={}", "meId=ann", "&".join(["meId=ann"] * 10)]
)
async def test_a_token_in_the_wrong_place_is_none(
    gateway: GatewayFixture, issuer: Issuer, query: str
) -> None:
    anonymous = await gateway.http.get(CALL)
    refused = await gateway.http.get(f"{CALL}?{query.format(issuer.token('ann'))}")
    assert (refused.status_code, refused.content) == (401, anonymous.content)


async def test_two_authorizations_are_refused(gateway: GatewayFixture, issuer: Issuer) -> None:
    field = ("Authorization", f"Bearer {issuer.token('ann')}")
    assert (await gateway.http.get(CALL, headers=[field, field])).status_code == 401


@pytest.mark.parametrize(
    ("me_ids", "status"),
    [(["ann"], 200), (["bob"], 403), (["ann"] * 10, 400), (["ann", "bob"], 400), ([" "], 422)],
)
async def test_the_me_id_beside_a_token_must_be_its_user(
    gateway: GatewayFixture, issuer: Issuer, me_ids: list[str], status: int
) -> None:
    answer = await gateway.http.get(CALL, params={"meId": me_ids}, headers=issuer.bearer("ann"))
    assert answer.status_code == status


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
async def test_an_access_token_is_accepted_by_its_type(
    gateway: GatewayFixture, issuer: Issuer, typ: str
) -> None:
    headers = {"Authorization": f"Bearer {issuer.token('ann', header={'typ': typ})}"}
    assert (await gateway.http.get(CALL, headers=headers)).status_code == 200


@pytest.mark.parametrize("seconds", [1, 300, 86_400])
async def test_a_valid_token_names_the_caller(gateway: GatewayFixture, issuer: Issuer, seconds: int) -> None:
    headers = issuer.bearer("ann", exp=int(now()) + seconds, iat=int(now()))
    conversation = (
        await gateway.http.post("/messages/start", json={"peerId": "bob"}, headers=headers)
    ).json()
    assert sorted(conversation["members"]) == ["ann", "bob"]


@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE], ["shop", AUDIENCE]])
async def test_one_of_a_tokens_audiences_must_be_the_gateways(
    gateway: GatewayFixture, issuer: Issuer, audience: object
) -> None:
    assert (await gateway.http.get(CALL, headers=issuer.bearer("ann", aud=audience))).status_code == 200


@pytest.mark.parametrize(
    "key",
    [
        SigningKey(ec.generate_private_key(ec.SECP256R1()), "ES256"),
        SigningKey(Ed25519PrivateKey.generate(), "EdDSA"),
        SigningKey(rsa_key()),
    ],
    ids=lambda key: key.algorithm,
)
async def test_each_algorithm_is_verified_with_a_key_of_its_type(key: SigningKey) -> None:
    async with serve_issuer(Issuer(key)) as issuer, run_gateway(**issuer.settings) as gateway:
        await ready(gateway, issuer)
        assert (await gateway.http.get(CALL, headers=issuer.bearer("ann"))).status_code == 200


async def test_a_token_is_accepted_for_the_leeway_and_no_longer(issuer: Issuer) -> None:
    async with run_gateway(**{**issuer.settings, "jwt_leeway": 60}) as gateway:
        await ready(gateway, issuer)
        for late, status in ((50, 200), (62, 401)):
            headers = issuer.bearer("ann", iat=int(now()) - 200, exp=int(now()) - late)
            assert (await gateway.http.get(CALL, headers=headers)).status_code == status


async def test_a_remembered_token_is_refused_once_it_has_expired(
    gateway: GatewayFixture, issuer: Issuer
) -> None:
    headers = issuer.bearer("ann", exp=int(now()) + 2)
    assert (await gateway.http.get(CALL, headers=headers)).status_code == 200
    while (answer := await gateway.http.get(CALL, headers=headers)).status_code == 200:
        pass
    assert answer.content == (await gateway.http.get(CALL)).content


async def test_another_claim_may_hold_the_user_id(issuer: Issuer) -> None:
    async with run_gateway(**{**issuer.settings, "jwt_user_claim": "https://chat.example/user"}) as gateway:
        headers = issuer.bearer("auth0|7", **{"https://chat.example/user": "ann"})
        while (answer := await gateway.http.get(CALL, headers=headers)).status_code == 503:
            pass
        assert answer.status_code == 200
        assert (await gateway.http.get(f"{CALL}?meId=ann", headers=headers)).status_code == 200
        assert (await gateway.http.get(CALL, headers=issuer.bearer("ann"))).status_code == 401


@pytest.mark.parametrize("scope", [None, "user", "openid profile", "user service", "", "service user"])
async def test_a_users_token_acts_for_its_user(
    gateway: GatewayFixture, issuer: Issuer, scope: str | None
) -> None:
    assert (await gateway.http.get(CALL, headers=issuer.bearer("ann", scope=scope))).status_code == 200


async def test_a_service_acts_as_a_user(gateway: GatewayFixture, issuer: Issuer) -> None:
    headers = issuer.bearer("shop", scope="service") | {"Act-As": "carol"}
    started = await gateway.http.post("/messages/start", json={"peerId": "dan"}, headers=headers)
    conversation = started.json()["id"]
    body = {"conversationId": conversation, "text": "Your parcel is here"}
    assert (await gateway.http.post("/messages", json=body, headers=headers)).status_code == 202
    read = {"conversationId": conversation, "upTo": 1}
    assert (await gateway.http.post("/messages/read", json=read, headers=headers)).status_code == 202
    for query in (CALL, f"/messages/history?conversationId={conversation}", "/messages/sync?meId=carol"):
        assert (await gateway.http.get(query, headers=headers)).status_code == 200
    assert {event.actor for event in gateway.written_events() if event.subject == conversation} == {"carol"}


@pytest.mark.parametrize(
    ("scope", "act_as", "status"),
    [
        (None, ["bob"], 403),
        ("user", ["ann"], 403),
        ("user operator", ["bob"], 403),
        ("service", [], 403),
        ("operator", [], 403),
        ("service", ["bob", "bob"], 400),
        ("service", ["b" * 129], 422),
        ("service", [""], 422),
    ],
)
async def test_act_as_needs_the_scope_service_and_one_user(
    gateway: GatewayFixture, issuer: Issuer, scope: str | None, act_as: list[str], status: int
) -> None:
    fields = [*issuer.bearer("ann", scope=scope).items(), *(("Act-As", user) for user in act_as)]
    assert (await gateway.http.get(CALL, headers=fields)).status_code == status


async def test_a_service_gets_no_ticket_for_a_user(gateway: GatewayFixture, issuer: Issuer) -> None:
    headers = issuer.bearer("shop", scope="service") | {"Act-As": "carol"}
    assert (await gateway.http.post("/messages/ws-tickets", headers=headers)).status_code == 403


async def test_the_me_id_of_a_service_is_the_user_it_acts_as(gateway: GatewayFixture, issuer: Issuer) -> None:
    headers = issuer.bearer("shop", scope="service") | {"Act-As": "carol"}
    assert (await gateway.http.get(f"{CALL}?meId=carol", headers=headers)).status_code == 200
    assert (await gateway.http.get(f"{CALL}?meId=shop", headers=headers)).status_code == 403
