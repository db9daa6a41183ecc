"""The queries' application, whose routes are called past FastAPI."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from pydantic import PostgresDsn, Secret, SecretStr

from message_store.query_api import main
from message_store.query_api.queries import Queries
from message_store.settings import ServeSettings
from shared.internal import store_api
from shared.runtime.critical_tasks import CriticalTasks
from tests.fixtures.service_token import AUTHORIZATION, SERVICE_TOKEN

_TALK = uuid4()
_NOWHERE = ServeSettings(
    database_url=Secret(PostgresDsn("postgresql://nobody@127.0.0.1:1/none")),
    service_token=SecretStr(SERVICE_TOKEN),
)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with main.run_query_api(_NOWHERE, CriticalTasks()) as service:
        transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://store", headers={**AUTHORIZATION, **store_api.HEADERS}
        ) as client:
            yield client


def _broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("nobody expected this")


@pytest.mark.parametrize(
    "path",
    [f"/membership?user=ana&conversation={_TALK}", f"/conversations/{_TALK}?user=ana"],
    ids=["straight", "through FastAPI"],
)
async def test_what_fails_unexpectedly_is_a_problem(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(Queries, "membership", _broken)
    monkeypatch.setattr(Queries, "conversation", _broken)
    answer = await http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")


async def test_calls_do_not_go_through_fastapi(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else they would be slow, and nobody would notice."""
    monkeypatch.setattr(FastAPI, "__call__", _broken)
    answer = await http.get("/history")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize(
    "path", ["/membership", "/history", f"/conversations/{_TALK}", "/nowhere", "/docs", "/metrics"]
)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 401),
        ([("Authorization", SERVICE_TOKEN)], 401),
        ([("Authorization", f"Basic {SERVICE_TOKEN}")], 401),
        ([("Authorization", f"Bearer {SERVICE_TOKEN}x")], 401),
        ([("Authorization", f"Bearer  {SERVICE_TOKEN}")], 401),
        ([("Authorization", f"Bearer {SERVICE_TOKEN}")] * 2, 401),
        ([("Authorization", "Bearer \xe9\xff")], 401),
        ([("Origin", "http://store")], 403),
        ([("Authorization", f"Bearer {SERVICE_TOKEN}"), ("Origin", "null")], 403),
    ],
)
async def test_only_parleys_services_are_answered(
    http: httpx.AsyncClient, path: str, headers: list[tuple[str, str]], status: int
) -> None:
    del http.headers["Authorization"]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    answer = await http.get(path, headers=raw)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("protocol", [None, "0"])
@pytest.mark.parametrize(
    "path",
    [
        "/conversations",
        f"/conversations/{_TALK}",
        "/history",
        "/membership",
        "/outcome",
        "/progress",
        "/sync",
    ],
)
async def test_a_gateway_with_another_protocol_is_refused_whatever_it_asks_for(
    http: httpx.AsyncClient, path: str, protocol: str | None
) -> None:
    del http.headers[store_api.PROTOCOL_HEADER]
    headers = {} if protocol is None else {store_api.PROTOCOL_HEADER: protocol}
    answer = await http.get(path, params={"user": "ann"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "protocol_mismatch")


async def test_probes_are_open_but_to_web_pages(http: httpx.AsyncClient) -> None:
    del http.headers["Authorization"]
    for path in ("/healthz", "/readyz"):
        assert (await http.get(path)).status_code in (200, 503)
        assert (await http.get(path, headers={"Origin": "http://evil.example"})).status_code == 403


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
async def test_its_calls_are_not_described(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404


async def test_the_scheme_of_the_token_may_be_in_any_case(http: httpx.AsyncClient) -> None:
    http.headers["Authorization"] = f"bearer {SERVICE_TOKEN}"
    assert (await http.get("/history")).status_code == 422


async def test_while_the_token_is_changed_the_old_one_is_accepted_too() -> None:
    tokens = SecretStr(f"the-next-token-of-the-tests,{SERVICE_TOKEN}")
    settings = _NOWHERE.model_copy(update={"service_token": tokens})
    async with (
        main.run_query_api(settings, CriticalTasks()) as service,
        httpx.AsyncClient(transport=httpx.ASGITransport(service.app), base_url="http://store") as http,
    ):
        for token, status in (
            (SERVICE_TOKEN, 404),
            ("the-next-token-of-the-tests", 404),
            (f"the-next-token-of-the-tests,{SERVICE_TOKEN}", 401),
            ("", 401),
        ):
            answer = await http.get("/nowhere", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status
