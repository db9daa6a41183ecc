"""What the admin port answers, and to whom."""

from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from fastapi import APIRouter, Request
from pydantic import BaseModel

from shared.http.health import Health
from shared.http.problems import Problem
from shared.service.admin_app import OperatorCalls, build_admin_app

_WELL = Health(list, list)
_OPERATOR = {"Authorization": "Bearer operator"}


class Named(BaseModel):
    name: str


def _router() -> APIRouter:
    router = APIRouter()

    @router.post("/greet")
    async def greet(named: Named) -> str:
        return f"hello {named.name}"

    return router


async def _require_operator(request: Request) -> None:
    if request.headers.get("Authorization") != _OPERATOR["Authorization"]:
        raise Problem("unauthenticated", "send the token of an operator")


def _client(
    health: Health = _WELL, calls: OperatorCalls | None = None, hosts: Sequence[str] = ()
) -> httpx.AsyncClient:
    app = build_admin_app(health, calls, hosts=hosts)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://10.0.0.9:9000")


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with _client(calls=OperatorCalls([_router()], _require_operator)) as client:
        yield client


async def test_probes_and_metrics_are_answered_without_credentials(http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz")).json() == {"status": "alive", "reasons": []}
    assert (await http.get("/readyz")).json() == {"status": "ready", "reasons": []}
    metrics = await http.get("/metrics")
    assert metrics.headers["Content-Type"].startswith("text/plain")
    assert "process_open_fds" in metrics.text
    assert "_created" not in metrics.text


async def test_probes_name_the_reasons() -> None:
    async with _client(Health(lambda: ["links failed"], lambda: ["draining"])) as http:
        alive, ready = await http.get("/healthz"), await http.get("/readyz")
    assert (alive.status_code, alive.json()["reasons"]) == (503, ["links failed"])
    assert (ready.status_code, ready.json()["reasons"]) == (503, ["draining"])


async def test_an_operator_is_answered(http: httpx.AsyncClient) -> None:
    answer = await http.post("/greet", json={"name": "ann"}, headers=_OPERATOR)
    assert (answer.status_code, answer.json()) == (200, "hello ann")


@pytest.mark.parametrize("path", ["/greet", "/nowhere", "/docs", "/openapi.json", "/healthz/", "/metrics/x"])
@pytest.mark.parametrize("body", [b"", b"{", b'{"name": 1}'])
async def test_others_are_refused_whatever_they_send(http: httpx.AsyncClient, path: str, body: bytes) -> None:
    answer = await http.post(path, content=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/nowhere"])
async def test_its_calls_are_described_to_no_one(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path, headers=_OPERATOR)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/greet", "/nowhere", "/docs"])
async def test_without_operators_calls_there_are_only_probes_and_metrics(path: str) -> None:
    async with _client() as http:
        answer = await http.get(path, headers=_OPERATOR)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert (await http.get("/metrics")).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://10.0.0.9:9000", ""])
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/greet", "/nowhere"])
async def test_web_pages_are_refused_on_every_path(http: httpx.AsyncClient, path: str, origin: str) -> None:
    answer = await http.get(path, headers={**_OPERATOR, "Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "10.1.2.3:9000", "[::1]", "[fd00::7]:9090", "localhost:9090", "web.localhost"),
        *("gateway", "gateway:9090", "GW1.chat.example:9090", "gw1.chat.example"),
    ],
)
async def test_scrapes_and_operators_come_by_address_by_a_plain_name_or_by_one_that_is_set(host: str) -> None:
    calls = OperatorCalls([_router()], _require_operator)
    async with _client(calls=calls, hosts=["gw1.chat.example"]) as http:
        assert (await http.get("/metrics", headers={"Host": host})).status_code == 200
        headers = {**_OPERATOR, "Host": host}
        assert (await http.post("/greet", json={"name": "ann"}, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:9000", "127.0.0.1.evil.example", "10.0.0.9.", "[::1].evil.example"),
        *("evil.example:80:9000", "localhost.evil.example", "gw1.chat.example.evil", "::1.evil.example"),
    ],
)
async def test_a_page_whose_name_was_rebound_reads_nothing(http: httpx.AsyncClient, host: str) -> None:
    for path in ("/metrics", "/greet", "/nowhere"):
        answer = await http.get(path, headers={**_OPERATOR, "Host": host})
        assert (answer.status_code, "ADMIN_ALLOWED_HOSTS" in answer.json()["detail"]) == (421, True)


@pytest.mark.parametrize("host", ["anything.example", "127.0.0.1", "10.1.2.3:9000"])
async def test_probes_may_use_any_host(http: httpx.AsyncClient, host: str) -> None:
    assert (await http.get("/readyz", headers={"Host": host})).status_code == 200


async def test_an_unexpected_error_of_the_check_is_a_problem_and_admits_no_one() -> None:
    async def fails(_: Request) -> None:
        raise RuntimeError("a fault of ours")

    async with _client(calls=OperatorCalls([_router()], fails)) as http:
        answer = await http.post("/greet", json={"name": "ann"}, headers=_OPERATOR)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
