"""What surrounds the calls: other origins, names of requests, and errors that nobody expected."""

from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI

from shared import ids
from tests.unit.gateway.house import House, opened

_PAGE = "http://page.example"
_HISTORY = f"/messages/history?meId=ana&conversationId={ids.direct_conversation_id('ana', 'ben')}"


def _broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("nobody expected this")


@pytest.mark.parametrize("path", [_HISTORY, "/readyz"], ids=["straight", "through FastAPI"])
async def test_what_fails_unexpectedly_is_a_problem_that_another_origin_may_read(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async with opened(allowed_origins=[_PAGE]) as house:
        monkeypatch.setattr(house.store, "history", _broken)
        monkeypatch.setattr(type(house.door.events), "identity", property(_broken), raising=False)
        with structlog.testing.capture_logs() as logs:
            answer = await house.http.get(path, headers={"Origin": _PAGE, "X-Request-Id": "mine"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["Access-Control-Allow-Origin"] == _PAGE
    assert answer.headers["X-Request-Id"] == "mine"
    assert [line["event"] for line in logs].count("request.failed") == 1


@pytest.mark.parametrize(("origin", "status"), [(_PAGE, 200), ("http://elsewhere.example", 400)])
async def test_a_preflight_is_answered_by_origin(origin: str, status: int) -> None:
    async with opened(allowed_origins=[_PAGE]) as house:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answer = await house.http.options("/messages", headers=asked)
    assert answer.status_code == status
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if status == 200 else None)


async def test_calls_do_not_go_through_fastapi(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would be slow, and nobody would notice."""
    monkeypatch.setattr(FastAPI, "__call__", _broken)
    assert (await house.http.get("/messages/conversations?meId=ana")).status_code == httpx.codes.OK
    assert (await house.http.post("/messages/start?meId=ana", json={})).status_code == 422


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
    async with opened(allowed_origins=[_PAGE]) as house:
        talk = await house.talk("ana", "ben")
        before = len(house.written())
        origin = f"http://127.0.0.1:{house.port}" if origin == "own" else origin
        headers = {"Content-Type": "text/plain"} | ({"Origin": origin} if origin else {})
        said = f'{{"conversationId": "{talk}", "text": "hello"}}'
        answer = await house.http.post("/messages?meId=ana", content=said, headers=headers)
        assert answer.status_code == status
        assert len(house.written()) - before == (1 if status == 202 else 0)
        if status == 403:
            assert answer.json()["code"] == "forbidden"
            assert "ALLOWED_ORIGINS" in answer.json()["detail"]
