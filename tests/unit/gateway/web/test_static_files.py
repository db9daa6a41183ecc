"""The web client's files at `/`, and the API beside them."""

import gzip
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from starlette.routing import Router

from gateway.web.static_files import static_routes
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway
from tests.unit.shared.http.raw_http import served

SCRIPT = "console.log('hello')\n" * 100
KEPT = "public, max-age=31536000, immutable"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A built client, and beside its folder what is nobody's business."""
    (tmp_path / "secret.txt").write_text("secret")
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>Parley</title>")
    (built / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (built / "assets/index-0a1b.js").write_text(SCRIPT)
    (built / "assets/index-0a1b.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (built / "assets/outside.txt").symlink_to(tmp_path / "secret.txt")
    return built


@pytest.fixture
async def http(root: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with run_gateway(web_root=root) as gateway:
        yield gateway.http


async def test_the_page_is_revalidated_each_time_and_sent_when_it_changed(
    http: httpx.AsyncClient, root: Path
) -> None:
    page = await http.get("/")
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-cache")
    assert page.headers["Content-Type"].startswith("text/html")
    known = {"If-None-Match": page.headers["ETag"]}
    again = await http.get("/", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Content-Security-Policy"] == page.headers["Content-Security-Policy"]
    (root / "index.html").write_text("<!doctype html><title>Parley, made anew</title>")
    assert "made anew" in (await http.get("/", headers=known)).text


async def test_assets_are_kept_for_a_year_and_sent_as_small_as_they_are_stored(
    http: httpx.AsyncClient,
) -> None:
    small = await http.get("/assets/index-0a1b.js", headers={"Accept-Encoding": "gzip, br"})
    plain = await http.get("/assets/index-0a1b.js", headers={"Accept-Encoding": "identity"})
    assert small.text == plain.text == SCRIPT
    assert int(small.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 10
    assert (small.headers["Content-Encoding"], plain.headers.get("Content-Encoding")) == ("gzip", None)
    assert small.headers["ETag"] != plain.headers["ETag"]
    for answer in (small, plain):
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert answer.headers["Cache-Control"] == KEPT
        assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("GZIP", "gzip"), ("*", "gzip"), ("gzip;q=0", None), ("gzip;q=0, *", None), ("br", None), ("", None)],
)
async def test_encodings_are_weighed(http: httpx.AsyncClient, accepted: str, encoding: str | None) -> None:
    answer = await http.get("/assets/index-0a1b.js", headers={"Accept-Encoding": accepted})
    assert (answer.headers.get("Content-Encoding"), answer.text) == (encoding, SCRIPT)
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("known", "status"),
    [("{}", 304), ("W/{}", 304), ('"a", {}', 304), ('"a",W/{}', 304), ("*", 304), ('"a", W/"b"', 200)],
)
async def test_what_a_browser_has_is_not_sent_again(http: httpx.AsyncClient, known: str, status: int) -> None:
    plain = {"Accept-Encoding": "identity"}
    tag = (await http.get("/favicon.svg", headers=plain)).headers["ETag"]
    answer = await http.get("/favicon.svg", headers=plain | {"If-None-Match": known.format(tag)})
    assert answer.status_code == status
    assert "Accept-Encoding" in answer.headers["Vary"]


async def test_a_range_gets_the_whole_file(http: httpx.AsyncClient) -> None:
    plain = {"Accept-Encoding": "identity"}
    answer = await http.get("/assets/index-0a1b.js", headers=plain | {"Range": "bytes=0-3"})
    assert (answer.status_code, answer.text) == (200, SCRIPT)
    assert "Accept-Ranges" not in answer.headers


async def test_responses_that_are_not_read_keep_no_file_open(root: Path) -> None:
    script = root / "assets/large.js"
    script.write_bytes(b"a" * 8_000_000)
    app = Router(static_routes(root))
    async with served(app) as serving, AsyncExitStack() as open_:
        for _ in range(4):
            raw = await open_.enter_async_context(serving.connected())
            raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await raw.send(b"GET /assets/large.js HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await serving.ask(b"GET /favicon.svg HTTP/1.1\r\nHost: x\r\n\r\n")).status == 200
        assert str(script) not in _open_files()


def _open_files() -> list[str]:
    """Return the paths of this process's open files."""
    return [os.path.realpath(descriptor) for descriptor in Path("/proc/self/fd").iterdir()]


async def test_what_stands_beside_the_page_is_served_too(http: httpx.AsyncClient) -> None:
    icon = await http.get("/favicon.svg")
    assert (icon.status_code, icon.headers["Content-Type"]) == (200, "image/svg+xml")
    assert icon.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/favicon.svg", "/assets/index-0a1b.js"])
async def test_every_file_comes_with_a_strict_policy_and_head_tells_the_same(
    http: httpx.AsyncClient, path: str
) -> None:
    got, head = await http.get(path), await http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Length", "ETag", "Content-Security-Policy", "Cache-Control"):
        assert head.headers[name] == got.headers[name]
    policy = got.headers["Content-Security-Policy"].replace(", ", "; ").split("; ")  # two policies: both hold
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy)
    assert "unsafe" not in got.headers["Content-Security-Policy"]
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Referrer-Policy"] == "no-referrer"
    assert got.headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone.js",
        "/assets/",
        "/assets/outside.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/%2Fetc/passwd",
        "/assets/%00",
        f"/assets/{'x' * 300}",
        "/secret.txt",
        "/index.html/x",
        "/anything/else",
    ],
)
async def test_what_is_not_in_the_folder_is_a_problem(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_the_api_answers_as_without_a_page(http: httpx.AsyncClient, gateway: GatewayFixture) -> None:
    calls = [
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("GET", "/readyz"),
        ("GET", "/ws"),
        ("GET", "/messages"),
        ("GET", "/messages/history"),
        ("DELETE", "/messages/start"),
        ("POST", "/"),
        ("POST", "/nowhere"),
    ]
    for method, path in calls:
        with_page, without = await http.request(method, path), await gateway.http.request(method, path)
        assert (with_page.status_code, with_page.content) == (without.status_code, without.content), path
        assert with_page.headers["Content-Security-Policy"] == "frame-ancestors 'none'"


async def test_a_gateway_without_a_client_says_so_at_its_root(gateway: GatewayFixture) -> None:
    page = await gateway.http.get("/")
    assert 'href="/docs"' in page.text
    assert (await gateway.http.head("/")).status_code == 200
