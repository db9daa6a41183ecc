"""One attempt of an operation over HTTP, and what its answer means."""

import asyncio
from typing import Any, NamedTuple

import aiohttp
import orjson

from tests.chaos.checker.history import Attempt, Frame, Operation, Refetch, Status

_OPEN = {408, 425, 429, 500, 502, 503, 504}
"""Statuses that leave it open whether it happened, or happens if it is asked again."""


class _Told(NamedTuple):
    status: int
    body: Any

    @property
    def good(self) -> bool:
        return self.status < 300


def session() -> aiohttp.ClientSession:
    """httpx would cost more than all of the system that it asks."""
    connector, limit = aiohttp.TCPConnector(limit=200), aiohttp.ClientTimeout(total=6)
    return aiohttp.ClientSession(connector=connector, timeout=limit)


async def attempt(http: aiohttp.ClientSession, via: str, operation: Operation) -> Attempt:
    """Never raises for what a network or a server does."""
    body = orjson.dumps(_body(operation))
    told = await _ask(http, "POST", f"{via}{_path(operation)}", body, meId=operation.user)
    if isinstance(told, str):
        return Attempt(via, Status.INDETERMINATE, code=told)
    if told.good:
        return Attempt(via, Status.OK, told.body.get("id"), told.body.get("position"))
    return Attempt(via, Status.FAILED, code=str(told.body.get("code")))


async def refetch(
    http: aiohttp.ClientSession, via: str, user: str, conversation: str, seq: int
) -> Refetch | None:
    """None when it was not answered."""
    asked: dict[str, Any] = {"meId": user, "conversationId": conversation, "after": seq - 1, "limit": 1}
    told = await _ask(http, "GET", f"{via}/messages/history", **asked)
    if isinstance(told, str):
        return None
    found = told.good and [item["seq"] for item in told.body["items"]] == [seq]
    return Refetch(user, conversation, seq, found)


async def sync(http: aiohttp.ClientSession, via: str, user: str, cursor: str, limit: int) -> Frame | None:
    """A page, or the problem that refuses it; None when it was not answered."""
    told = await _ask(http, "GET", f"{via}/messages/sync", meId=user, cursor=cursor, limit=limit)
    return None if isinstance(told, str) else told.body


async def present(http: aiohttp.ClientSession, via: str, user: str) -> str:
    """The cursor of what there is now; asks until it is answered."""
    while True:
        told = await _ask(http, "GET", f"{via}/messages/sync", meId=user)
        if not isinstance(told, str) and told.good:
            return str(told.body["cursor"])
        await asyncio.sleep(0.2)


async def _ask(
    http: aiohttp.ClientSession, method: str, url: str, body: bytes | None = None, **params: Any
) -> _Told | str:
    """Why not, when it was not answered for good."""
    try:
        async with http.request(method, url, params=params, data=body) as answer:
            if answer.status in _OPEN:
                return str(answer.status)
            return _Told(answer.status, orjson.loads(await answer.read()))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return type(error).__name__


def _path(operation: Operation) -> str:
    return {"send": "/messages", "read": "/messages/read", "start": "/messages/start"}[operation.kind]


def _body(operation: Operation) -> dict[str, Any]:
    match operation.kind:
        case "send":
            body = {"conversationId": operation.conversation, "text": operation.text}
            return body if operation.client_id is None else body | {"clientId": operation.client_id}
        case "read":
            return {"conversationId": operation.conversation, "upTo": operation.up_to}
        case "start":
            return {"peerId": operation.peer}
