"""The issuer for development: its tokens are those that a gateway of its stack accepts."""

from pathlib import Path
from typing import Any

import pytest

from deploy.local.errors import UserError
from deploy.local.issuer import LocalIssuer
from deploy.local.stack import end_to_end
from tests.unit.gateway.gateway_fixture import run_gateway


async def test_a_gateway_with_its_settings_accepts_its_tokens(tmp_path: Path) -> None:
    issuer = LocalIssuer.ensure(tmp_path)
    settings: dict[str, Any] = {name.lower(): value for name, value in issuer.settings([8000]).items()}
    async with run_gateway(**settings, auth="jwt") as gateway:
        url = f"http://127.0.0.1:{gateway.port}"
        await end_to_end.wait_until_serving([url], 10, issuer.token(end_to_end.USER))
        headers = {"Authorization": f"Bearer {issuer.token('shop', 'service')}"}
        conversations = "/messages/conversations"
        assert (await gateway.http.get(conversations, headers=headers)).status_code == 403
        headers["Act-As"] = "ann"
        assert (await gateway.http.get(conversations, headers=headers)).status_code == 200


def test_its_key_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    public = LocalIssuer.ensure(tmp_path).public_key.read_bytes()
    assert LocalIssuer.ensure(tmp_path).public_key.read_bytes() == public
    assert (tmp_path / "issuer" / "private.pem").stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" not in public


def test_a_folder_without_a_stack_of_auth_jwt_gives_no_token(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="DATA_DIR"):
        LocalIssuer.of(tmp_path)
    LocalIssuer.ensure(tmp_path)
    assert LocalIssuer.of(tmp_path).token("ann")


def test_a_token_needs_a_user(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="make token USER=ann"):
        LocalIssuer.ensure(tmp_path).token("")


@pytest.mark.parametrize("user", [" ann", "a" * 129, "an\nn"])
def test_a_user_id_that_no_gateway_takes_is_refused(tmp_path: Path, user: str) -> None:
    with pytest.raises(UserError, match="USER"):
        LocalIssuer.ensure(tmp_path).token(user)


@pytest.mark.parametrize(
    ("environment", "is_ours"),
    [
        ({}, False),
        ({"AUTH": "dev"}, False),
        ({"AUTH": "jwt"}, True),
        ({"AUTH": "jwt", "JWT_KEYS": "k"}, False),
    ],
)
def test_another_issuer_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], is_ours: bool
) -> None:
    for name in ("AUTH", "JWT_KEYS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (LocalIssuer.of_environment(tmp_path) is not None) == is_ours
