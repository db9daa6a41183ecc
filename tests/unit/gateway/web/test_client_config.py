"""GET /client-config.json, and the origins that the page may call."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.settings import Settings
from tests.fixtures.service_token import SERVICE_TOKEN
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway

ISSUER = "https://Login.example:443/realms/staff"
JWT: dict[str, Any] = {
    "auth": "jwt",
    "jwt_keys": "https://login.example/jwks",
    "jwt_issuer": ISSUER,
    "jwt_audience": ["parley"],
    "allowed_hosts": ["127.0.0.1"],
}
OIDC = JWT | {"oidc_issuer": ISSUER, "oidc_client_id": "parley-web"}


async def test_with_auth_dev_it_names_no_issuer(gateway: GatewayFixture) -> None:
    answer = await gateway.http.get("/client-config.json")
    assert answer.json() == {"auth": "dev", "oidc": None}
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Date" in answer.headers  # the web client compares clocks
    assert (await gateway.http.head("/client-config.json")).status_code == 200
    assert (await gateway.http.post("/client-config.json")).status_code == 405


async def test_it_names_the_issuer_to_everyone_and_the_page_may_call_that(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    settings = OIDC | {"oidc_scope": "openid offline_access", "jwt_user_claim": "login", "web_root": tmp_path}
    settings["oidc_connect_origins"] = (
        "https://Token.example:443, https://login.example, https://a.example:8443"
    )
    async with run_gateway(**settings) as gateway:
        answer, page = await gateway.http.get("/client-config.json"), await gateway.http.get("/")
    assert answer.json() == {
        "auth": "jwt",
        "oidc": {
            "issuer": ISSUER,
            "clientId": "parley-web",
            "scope": "openid offline_access",
            "userClaim": "login",
        },
    }
    policy = page.headers["Content-Security-Policy"]
    assert "connect-src 'self' https://login.example https://token.example https://a.example:8443;" in policy


async def test_with_tokens_of_no_issuer_users_cannot_sign_in(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    async with run_gateway(**JWT, web_root=tmp_path) as gateway:
        answer, page = await gateway.http.get("/client-config.json"), await gateway.http.get("/")
    assert answer.json() == {"auth": "jwt", "oidc": None}
    assert "connect-src 'self';" in page.headers["Content-Security-Policy"]


async def test_it_is_no_part_of_the_api(gateway: GatewayFixture) -> None:
    paths = (await gateway.http.get("/openapi.json")).json()["paths"]
    assert "/client-config.json" not in paths


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"auth": "dev"}, "OIDC_ISSUER needs AUTH=jwt"),
        ({"oidc_client_id": ""}, "OIDC_ISSUER needs OIDC_CLIENT_ID"),
        ({"oidc_scope": "profile"}, "must contain openid"),
        ({"oidc_scope": ""}, "must contain openid"),
        ({"oidc_issuer": "login.example"}, "must begin with https://"),
        ({"oidc_issuer": "http://login.example"}, "must begin with https://"),
        ({"oidc_issuer": "javascript:alert(1)"}, "must begin with https://"),
        ({"oidc_issuer": "https://"}, "is not an origin"),
        ({"oidc_issuer": "https://login.example:port"}, "is not an origin"),
        ({"oidc_issuer": "https://login.example; script-src *"}, "is not an origin"),
        ({"oidc_issuer": "https://ann:secret@login.example"}, "must be a URL"),
        ({"oidc_issuer": "https://login.example/?realm=a"}, "must be a URL"),
        ({"oidc_issuer": "https://login.example/#a"}, "must be a URL"),
        ({"oidc_connect_origins": "http://token.example"}, "must begin with https://"),
        ({"oidc_connect_origins": "*"}, "is not an origin"),
        ({"oidc_connect_origins": "https://token.example/path"}, "is not an origin"),
        ({"oidc_connect_origins": "https://token.example; script-src *"}, "is not an origin"),
        (
            {"oidc_issuer": "", "oidc_connect_origins": "https://a.example"},
            "CONNECT_ORIGINS needs OIDC_ISSUER",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any], message: str) -> None:
    needed = {"store_url": "http://store", "notifiers": ["127.0.0.1:1"], "service_token": SERVICE_TOKEN}
    with pytest.raises(ValidationError, match=message):
        Settings.model_validate(needed | OIDC | wrong)


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000"])
def test_an_issuer_on_this_machine_needs_no_https(issuer: str) -> None:
    needed = {"store_url": "http://store", "notifiers": ["127.0.0.1:1"], "service_token": SERVICE_TOKEN}
    settings = Settings.model_validate(needed | OIDC | {"oidc_issuer": issuer})
    assert settings.oidc_origins == [issuer]
