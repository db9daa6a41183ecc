"""What surrounds the calls: other origins, names of requests, and errors that nobody expected."""

from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI

from shared.contract import ids
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway

_PAGE = "http://page.example"
_HISTORY = f"/messages/history?meId=ana&conversationId={ids.direct_conversation_id('ana', 'ben')}"


def _broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("nobody expected this")


@pytest.mark.parametrize("path", [_HISTORY, "/readyz"], ids=["straight", "through FastAPI"])
async def test_what_fails_unexpectedly_is_a_problem_that_another_origin_may_read(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async with run_gateway(allowed_origins=[_PAGE]) as gateway:
        monkeypatch.setattr(gateway.store, "history", _broken)
        monkeypatch.setattr(type(gateway.components.producer), "identity", property(_broken), raising=False)
        with structlog.testing.capture_logs() as logs:
            answer = await gateway.http.get(path, headers={"Origin": _PAGE, "X-Request-Id": "mine"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["Access-Control-Allow-Origin"] == _PAGE
    assert answer.headers["X-Request-Id"] == "mine"
    assert [line["event"] for line in logs].count("request.failed") == 1


@pytest.mark.parametrize(("origin", "status"), [(_PAGE, 200), ("http://elsewhere.example", 400)])
async def test_a_preflight_is_answered_by_origin(origin: str, status: int) -> None:
    async with run_gateway(allowed_origins=[_PAGE]) as gateway:
        preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answer = await gateway.http.options("/messages", headers=preflight)
    assert answer.status_code == status
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if status == 200 else None)


async def test_calls_do_not_go_through_fastapi(
    gateway: GatewayFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be slow, and nobody would notice."""
    monkeypatch.setattr(FastAPI, "__call__", _broken)
    assert (await gateway.http.get("/messages/conversations?meId=ana")).status_code == httpx.codes.OK
    assert (await gateway.http.post("/messages/start?meId=ana", json={})).status_code == 422


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 202),
        (_PAGE, 202),
        ("http://localhost:5173", 202),
        ("own", 202),
        ("http://elsewhere.example", 403),
        ("null", 403),
    ],
)
async def test_a_page_of_another_origin_writes_nothing(origin: str | None, status: int) -> None:
    """What a form could send comes without a preflight; CORS keeps only the answer from the page."""
    async with run_gateway(allowed_origins=[_PAGE]) as gateway:
        talk = await gateway.start_direct("ana", "ben")
        before = len(gateway.written_events())
        origin = f"http://127.0.0.1:{gateway.port}" if origin == "own" else origin
        headers = {"Content-Type": "text/plain"} | ({"Origin": origin} if origin else {})
        body = f'{{"conversationId": "{talk}", "text": "hello"}}'
        answer = await gateway.http.post("/messages?meId=ana", content=body, headers=headers)
        assert answer.status_code == status
        assert len(gateway.written_events()) - before == (1 if status == 202 else 0)
        if status == 403:
            assert answer.json()["code"] == "forbidden"
            assert "ALLOWED_ORIGINS" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/messages/conversations?meId=ana", 200),
        ("GET", "/messages/conversations", 401),
        ("GET", "/messages/nothing", 404),
        ("GET", "/%6dessages/nothing", 404),
        ("DELETE", "/messages", 405),
        ("POST", "/messages?meId=ana", 400),
        ("OPTIONS", "/messages", 200),
        ("GET", "/docs", 200),
        ("GET", "/healthz", 200),
        ("GET", "/nowhere", 404),
        ("GET", f"/messages?{'a' * 9_000}", 414),
    ],
)
async def test_every_answer_forbids_framing_sniffing_and_of_messages_storing(
    gateway: GatewayFixture, method: str, path: str, status: int
) -> None:
    headers = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "POST"}
    answer = await gateway.http.request(method, path, headers=headers if method == "OPTIONS" else {})
    assert answer.status_code == status
    _require_hardened(answer.headers)
    assert (answer.headers.get("Cache-Control") == "no-store") == ("essages" in path)


async def test_refused_upgrades_are_problems_with_the_same_headers(gateway: GatewayFixture) -> None:
    upgrade = {"Upgrade": "websocket", "Connection": "upgrade"}
    complete = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    for path, headers, status in (
        ("/ws?token=ana", upgrade, 400),
        ("/ws?token=ana", upgrade | complete | {"Origin": "http://elsewhere.example"}, 403),
        ("/elsewhere?token=ana", upgrade | complete, 404),
        ("/messages/history", upgrade | complete, 404),
    ):
        answer = await gateway.http.get(path, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (status, status)
        assert answer.headers["Content-Type"] == "application/problem+json"
        _require_hardened(answer.headers)


def _require_hardened(headers: httpx.Headers) -> None:
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
