"""One attempt of an operation over REST, and what its response means."""

import asyncio
from typing import Any, NamedTuple

import aiohttp
import orjson

from tests.chaos.checker.history import Attempt, Frame, Operation, Refetch, Status

_INDETERMINATE = {408, 425, 429, 500, 502, 503, 504}
"""Statuses after which the operation may have happened, or may succeed when retried."""


class _Response(NamedTuple):
    status: int
    body: Any

    @property
    def ok(self) -> bool:
        return self.status < 300


def session() -> aiohttp.ClientSession:
    """aiohttp and not httpx, whose CPU time would exceed that of the system under test."""
    connector, timeout = aiohttp.TCPConnector(limit=200), aiohttp.ClientTimeout(total=6)
    return aiohttp.ClientSession(connector=connector, timeout=timeout)


async def attempt(http: aiohttp.ClientSession, gateway: str, operation: Operation) -> Attempt:
    """Raises nothing for an error of the network or the server."""
    path, body = _request_of(operation)
    response = await _request(http, "POST", gateway + path, orjson.dumps(body), meId=operation.user)
    if isinstance(response, str):
        return Attempt(gateway, Status.INDETERMINATE, code=response)
    if response.ok:
        return Attempt(gateway, Status.OK, response.body.get("id"), response.body.get("position"))
    return Attempt(gateway, Status.FAILED, code=str(response.body.get("code")))


async def refetch(
    http: aiohttp.ClientSession, gateway: str, user: str, conversation: str, seq: int
) -> Refetch | None:
    """Whether history has a message; None without a response."""
    params: dict[str, Any] = {"meId": user, "conversationId": conversation, "after": seq - 1, "limit": 1}
    response = await _request(http, "GET", f"{gateway}/messages/history", **params)
    if isinstance(response, str):
        return None
    found = response.ok and [item["seq"] for item in response.body["items"]] == [seq]
    return Refetch(user, conversation, seq, found)


async def sync(http: aiohttp.ClientSession, gateway: str, user: str, cursor: str, limit: int) -> Frame | None:
    """A page, or the problem that refuses it; None without a response."""
    response = await _request(http, "GET", f"{gateway}/messages/sync", meId=user, cursor=cursor, limit=limit)
    return None if isinstance(response, str) else response.body


async def head_cursor(http: aiohttp.ClientSession, gateway: str, user: str) -> str:
    """The cursor of the present end of the log; retries until there is a response."""
    while True:
        response = await _request(http, "GET", f"{gateway}/messages/sync", meId=user)
        if not isinstance(response, str) and response.ok:
            return str(response.body["cursor"])
        await asyncio.sleep(0.2)


async def _request(
    http: aiohttp.ClientSession, method: str, url: str, body: bytes | None = None, **params: Any
) -> _Response | str:
    """The response, or why there is no definite one."""
    try:
        async with http.request(method, url, params=params, data=body) as response:
            if response.status in _INDETERMINATE:
                return str(response.status)
            return _Response(response.status, orjson.loads(await response.read()))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return type(error).__name__


def _request_of(operation: Operation) -> tuple[str, dict[str, Any]]:
    """Path and body."""
    match operation.kind:
        case "send":
            body = {"conversationId": operation.conversation, "text": operation.text}
            return "/messages", body | ({"clientId": operation.client_id} if operation.client_id else {})
        case "read":
            return "/messages/read", {"conversationId": operation.conversation, "upTo": operation.up_to}
        case "start":
            return "/messages/start", {"peerId": operation.peer}
