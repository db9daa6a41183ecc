"""AUTH=jwt refuses to start with settings that would let in others than the issuer's users."""

import base64
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.settings import Settings
from shared.runtime.settings import load_settings
from tests.fixtures.issuer import SigningKey, rsa_key
from tests.fixtures.service_token import SERVICE_TOKEN

KEY = SigningKey(rsa_key())
GOOD: dict[str, Any] = {
    "store_url": "http://store",
    "notifiers": "a:1",
    "service_token": SERVICE_TOKEN,
    "auth": "jwt",
    "env": "production",
    "allow_insecure_internal": True,
    "public_url": "https://chat.example",
    "ticket_keys": base64.b64encode(bytes(range(32))).decode(),
    "jwt_keys": "https://login.example/jwks",
    "jwt_issuer": "https://login.example",
    "jwt_audience": "parley",
}


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"public_url": "", "allowed_hosts": "chat.example"},
        {"jwt_keys": "http://127.0.0.1:8080/jwks"},
        {"jwt_keys": "http://keycloak:8080/jwks", "env": "development"},
        {"jwt_keys": KEY.pem().decode()},
        {"jwt_algorithms": "ES256,EdDSA"},
        {"jwt_leeway": 60},
        {"host": "0.0.0.0"},
        {"public_url": "http://localhost:8000"},
        {"public_url": "http://chat.example", "env": "development"},
        {"oidc_issuer": "https://login.example", "oidc_client_id": "web"},
        {"oidc_issuer": "https://other.example", "oidc_client_id": "web", "env": "development"},
    ],
)
def test_complete_settings_are_accepted(others: dict[str, Any]) -> None:
    assert Settings.model_validate(GOOD | others).auth == "jwt"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"public_url": ""}, "AUTH=jwt needs PUBLIC_URL or ALLOWED_HOSTS"),
        ({"jwt_keys": "", "jwt_issuer": "", "jwt_audience": ""}, "JWT_KEYS, JWT_ISSUER, JWT_AUDIENCE"),
        ({"jwt_audience": ""}, "AUTH=jwt needs JWT_AUDIENCE"),
        ({"jwt_algorithms": "HS256"}, "must be among RS256"),
        ({"jwt_algorithms": "RS256,none"}, "must be among RS256"),
        ({"jwt_algorithms": ""}, "must be among RS256"),
        ({"jwt_keys": "http://login.example/jwks"}, "https://"),
        ({"jwt_keys": "http://127.0.0.1.evil.example/jwks"}, "https://"),
        ({"jwt_keys": "https://"}, "JWT_KEYS is not a URL"),
        ({"jwt_keys": "/nowhere"}, "JWT_KEYS cannot be read: FileNotFoundError"),
        ({"jwt_keys": KEY.pem().decode(), "jwt_algorithms": "ES256"}, "JWT_KEYS has no public key for ES256"),
        ({"jwt_leeway": 61}, "less than or equal to 60"),
        ({"jwt_max_age": 0}, "greater than 0"),
        ({"jwt_user_claim": ""}, "at least 1"),
        ({"auth": "dev"}, "AUTH=dev"),
        ({"public_url": "http://chat.example"}, "PUBLIC_URL must begin with https:// when ENV=production"),
        (
            {"oidc_issuer": "https://login.example/", "oidc_client_id": "web"},
            r"OIDC_ISSUER \(https://login.example/\) must equal JWT_ISSUER \(https://login.example\)",
        ),
    ],
)
def test_settings_that_lack_something_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Settings.model_validate(GOOD | wrong)


def test_the_keys_may_lie_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(KEY.pem())
    assert Settings.model_validate(GOOD | {"jwt_keys": str(path)}).jwt_keys == str(path)


def test_start_is_refused_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        load_settings(Settings, **(GOOD | {"public_url": None}))
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "bad settings: AUTH=jwt needs PUBLIC_URL or ALLOWED_HOSTS: the names it answers as"
