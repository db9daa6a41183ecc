"""The queries' application, whose routes are called past FastAPI."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import PostgresDsn
from uvicorn.lifespan.on import LifespanOn

from message_store import serve
from message_store.queries import Queries
from message_store.settings import ServeSettings

_TALK = uuid4()
_NOWHERE = ServeSettings(database_url=PostgresDsn("postgresql://nobody@127.0.0.1:1/none"))


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = serve.application(_NOWHERE)
    lifespan = LifespanOn(uvicorn.Config(app, log_config=None))
    await lifespan.startup()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://store") as client:
        yield client
    await lifespan.shutdown()


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
