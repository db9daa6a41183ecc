"""Under a path prefix, behind a proxy that removes it and behind one that does not."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect

from gateway.proxies.root_path import OWN_SEGMENTS, canonical_prefix
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway
from tests.unit.gateway.route_paths import route_paths

PREFIX = "/team/chat"


@pytest.fixture(scope="module")
async def prefixed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GatewayFixture]:
    root = Path(tmp_path_factory.mktemp("dist"))
    (root / "assets").mkdir()
    (root / "index.html").write_text("<title>Parley</title>")
    (root / "assets/index-0a1b.js").write_text("1")
    async with run_gateway(root_path=PREFIX, web_root=root) as gateway:
        yield gateway


@pytest.mark.parametrize("arriving", [PREFIX, ""], ids=["passed on", "removed"])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/assets/index-0a1b.js", 200),
        ("/messages/conversations?meId=ana", 200),
        ("/messages/conversations", 401),
        ("/messages/nothing", 404),
        ("/docs", 200),
        ("/openapi.json", 200),
        ("/static-offline-docs/swagger-ui.css", 200),
        ("/healthz", 200),
        ("/nowhere", 404),
    ],
)
async def test_every_path_answers_with_the_prefix_and_without(
    prefixed: GatewayFixture, arriving: str, path: str, status: int
) -> None:
    answer = await prefixed.http.get(arriving + path)
    assert answer.status_code == status
    assert (answer.headers.get("Cache-Control") == "no-store") == path.startswith("/messages")


async def test_commands_and_sockets_work_under_the_prefix(prefixed: GatewayFixture) -> None:
    started = await prefixed.http.post(f"{PREFIX}/messages/start?meId=ana", json={"peerId": "ben"})
    assert started.status_code == 200, started.text
    async with connect(f"ws://127.0.0.1:{prefixed.port}{PREFIX}/ws?token=ana") as socket:
        assert '"hello"' in str(await socket.recv())


async def test_the_prefix_alone_leads_to_the_page(prefixed: GatewayFixture) -> None:
    answer = await prefixed.http.get(f"{PREFIX}?user=ana")
    assert (answer.status_code, answer.headers["Location"]) == (308, f"{PREFIX}/?user=ana")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", [f"{PREFIX}x/docs", f"{PREFIX}{PREFIX}/docs", "/team/docs"])
async def test_what_only_resembles_the_prefix_is_not_removed(prefixed: GatewayFixture, path: str) -> None:
    assert (await prefixed.http.get(path)).status_code == 404


async def test_documentation_names_the_prefix(prefixed: GatewayFixture) -> None:
    document = (await prefixed.http.get("/openapi.json")).json()
    assert document["servers"] == [{"url": PREFIX}]
    assert "/messages/sync" in document["paths"]
    page = (await prefixed.http.get("/docs")).text
    addresses = re.findall(r"(?:href|src)=\"([^\"]+)\"|url: '([^']+)'", page)
    assert addresses
    assert all((a or b).startswith(f"{PREFIX}/") for a, b in addresses)
    for a, b in addresses:
        assert (await prefixed.http.get(a or b)).status_code == 200


async def test_a_prefix_cannot_begin_like_a_path_of_the_gateways_own(gateway: GatewayFixture) -> None:
    own = {path.split("/")[1] for path in route_paths(gateway.components)} - {""}
    assert own <= OWN_SEGMENTS


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("", ""), ("/", ""), ("/chat", "/chat"), ("/chat/", "/chat"), (" /a/b-c.d_~/ ", "/a/b-c.d_~")],
)
def test_a_prefix_is_spelt_one_way(text: str, prefix: str) -> None:
    assert canonical_prefix(text) == prefix


@pytest.mark.parametrize(
    "text",
    ["chat", "https://a.example/chat", "/a//b", "/..", "/a/../b", "/a?b", "/a b", "/ä", "/messages", "/ws/x"],
)
def test_a_prefix_that_no_proxy_could_use_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="like /chat"):
        canonical_prefix(text)


@given(st.text())
def test_a_valid_prefix_is_canonical_already(text: str) -> None:
    try:
        prefix = canonical_prefix(text)
    except ValueError:
        return
    assert canonical_prefix(prefix) == prefix
