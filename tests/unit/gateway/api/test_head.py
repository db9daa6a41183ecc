"""HEAD: what GET answers, without the body."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway
from tests.unit.gateway.raw import ask


def _gets(document: dict[str, Any]) -> list[str]:
    return [path for path, operations in document["paths"].items() if "get" in operations]


async def test_every_path_that_answers_get_answers_head_alike(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>Parley</title>")
    (tmp_path / "assets/a.js").write_text("1;" * 1_000)
    async with run_gateway(web_root=tmp_path) as gateway:
        talk = await gateway.start_direct("ana", "ben")
        described = (await gateway.http.get("/openapi.json")).json()
        query = f"?meId=ana&conversationId={talk}"
        files = ["/", "/assets/a.js", "/assets/gone.js", "/docs", "/openapi.json", "/ws", "/nowhere"]
        for path in [*(path + query for path in _gets(described)), *files]:
            got, head = await ask(gateway.port, "GET", path), await ask(gateway.port, "HEAD", path)
            assert head == (got.status, got.fields, b""), path


async def test_head_is_no_operation_of_its_own(gateway: GatewayFixture) -> None:
    described = (await gateway.http.get("/openapi.json")).json()
    assert not [path for path, operations in described["paths"].items() if "head" in operations]


async def test_head_at_the_root_without_a_client(gateway: GatewayFixture) -> None:
    got, head = await ask(gateway.port, "GET", "/"), await ask(gateway.port, "HEAD", "/")
    assert head == (got.status, got.fields, b"")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/messages/history", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
        ("POST", "/", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
        ("PUT", "/ws", "GET, HEAD"),
        ("HEAD", "/messages", "POST"),
        ("GET", "/messages/start", "POST"),
    ],
)
async def test_a_wrong_method_is_answered_with_all_the_right_ones(
    gateway: GatewayFixture, method: str, path: str, allow: str
) -> None:
    answer = await ask(gateway.port, method, path)
    assert (answer.status, answer.fields["allow"]) == (405, allow)
