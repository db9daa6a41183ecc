"""Which pages may call, by origin."""

import pytest
from starlette.datastructures import Headers
from websockets.exceptions import InvalidStatus

from gateway.auth import origins
from gateway.auth.origins import Origins
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway, unique_user

PUBLIC = "https://chat.example"
APP = "https://app.example:8443"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (PUBLIC, True),
        ("HTTPS://Chat.Example", True),
        (f"{PUBLIC}:443", True),
        (APP, True),
        ("http://127.0.0.1:3000", True),
        ("http://localhost", True),
        ("https://localhost:5173", True),
        ("http://me.localhost:1", True),
        ("http://[::1]:80", True),
        ("http://chat.example", False),
        ("http://chat.example:443", False),
        (f"{PUBLIC}:80", False),
        (f"{PUBLIC}.", False),
        (f"{PUBLIC}/", False),
        (f"{PUBLIC}.evil.example", False),
        ("https://evil@chat.example", False),
        ("https://app.example", False),
        ("foo://127.0.0.1", False),
        ("foo://chat.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://localhost.", False),
        ("http://2130706433", False),
        ("chat.example", False),
        ("null", False),
        ("file://", False),
        ("", False),
        (f"{PUBLIC} {APP}", False),
    ],
)
def test_origins_are_the_own_the_allowed_and_with_dev_loopback(origin: str, allowed: bool) -> None:
    assert Origins([PUBLIC, APP], loopback=True).allows_request(Headers({"origin": origin})) is allowed


def test_what_comes_from_no_page_is_allowed() -> None:
    assert Origins([], loopback=False).allows_request(Headers({"host": "chat.example"}))


def test_every_one_of_several_origins_must_be_allowed() -> None:
    both = Headers(raw=[(b"origin", PUBLIC.encode()), (b"origin", b"https://evil.example")])
    assert not Origins([PUBLIC], loopback=True).allows_request(both)


def test_loopback_is_foreign_without_dev() -> None:
    page = Headers({"origin": "http://localhost", "host": "localhost"})
    assert not Origins([PUBLIC], loopback=False).allows_request(page)
    assert Origins(["*"], loopback=False).allows_request(page)


@pytest.mark.parametrize(
    ("given", "spelt"),
    [
        ("HTTPS://Chat.Example:443/", "https://chat.example"),
        ("http://chat.example:80", "http://chat.example"),
        ("http://chat.example:443", "http://chat.example:443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[0:0::1]:8000", "http://[::1]:8000"),
        ("http://127.1", "http://127.0.0.1"),
        ("https://chat.example.", "https://chat.example."),
        ("capacitor://localhost", "capacitor://localhost"),
    ],
)
def test_origins_are_spelt_as_browsers_spell_them(given: str, spelt: str) -> None:
    assert origins.canonical(given) == spelt
    assert Origins([spelt], loopback=False).allows(spelt)


@pytest.mark.parametrize(
    "given",
    [
        "chat.example",
        "null",
        "https://",
        "https://u@x.example",
        "https://x.example/a",
        "https://x.example?",
        "x:1",
    ],
)
def test_what_is_no_origin_is_refused_as_one(given: str) -> None:
    with pytest.raises(ValueError, match="is not an origin"):
        origins.canonical(given)


@pytest.mark.parametrize(("origin", "status"), [(PUBLIC, 202), ("http://chat.example", 403), (None, 202)])
async def test_behind_tls_a_page_without_it_is_foreign(origin: str | None, status: int) -> None:
    async with run_gateway(public_url=PUBLIC) as gateway:
        ana = unique_user()
        talk = await gateway.start_direct(ana, unique_user())
        headers = {"Host": "chat.example"} | ({"Origin": origin} if origin else {})
        body = {"conversationId": talk, "text": "hello"}
        answer = await gateway.http.post(f"/messages?meId={ana}", json=body, headers=headers)
        assert answer.status_code == status
        assert ("Access-Control-Allow-Origin" in answer.headers) == (origin == PUBLIC)


@pytest.mark.parametrize(
    "origin", ["http://chat.example", "foo://127.0.0.1:8000", "null", "https://evil.example"]
)
async def test_a_socket_of_a_foreign_page_is_refused_with_any_token(
    gateway: GatewayFixture, origin: str
) -> None:
    for user in (unique_user(), None):
        with pytest.raises(InvalidStatus) as refused:
            async with gateway.connect(user, origin=origin):
                pass
        assert refused.value.response.status_code == 403


async def test_answers_vary_by_origin(gateway: GatewayFixture) -> None:
    for headers in ({}, {"Origin": "http://localhost"}, {"Origin": "https://evil.example"}):
        for path in ("/messages/sync?meId=ana", "/openapi.json", "/nowhere"):
            assert "Origin" in (await gateway.http.get(path, headers=headers)).headers["Vary"], path
