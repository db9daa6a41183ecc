"""One attempt of an operation over HTTP, and what its answer means."""

import asyncio
from typing import Any

import httpx

from tests.faults.ledger import Answer, Frame, Operation, Refetch, Status

_OPEN = {408, 425, 429, 500, 502, 503, 504}
"""Statuses that leave it open whether it happened, or happens if it is asked again."""


async def attempt(http: httpx.AsyncClient, via: str, operation: Operation) -> Answer:
    """Never raises for what a network or a server does."""
    try:
        answer = await http.post(
            f"{via}{_path(operation)}", params={"meId": operation.user}, json=_body(operation)
        )
    except httpx.TransportError as error:
        return Answer(via, Status.INDETERMINATE, code=type(error).__name__)
    if answer.status_code in _OPEN:
        return Answer(via, Status.INDETERMINATE, code=str(answer.status_code))
    told: dict[str, Any] = answer.json()
    if answer.is_success:
        return Answer(via, Status.OK, told.get("id"), told.get("position"))
    return Answer(via, Status.FAILED, code=str(told.get("code")))


async def refetch(
    http: httpx.AsyncClient, via: str, user: str, conversation: str, seq: int
) -> Refetch | None:
    """None when it was not answered."""
    params: dict[str, Any] = {"meId": user, "conversationId": conversation, "after": seq - 1, "limit": 1}
    try:
        answer = await http.get(f"{via}/messages/history", params=params)
    except httpx.TransportError:
        return None
    if answer.status_code in _OPEN:
        return None
    found = answer.is_success and [item["seq"] for item in answer.json()["items"]] == [seq]
    return Refetch(user, conversation, seq, found)


async def sync(http: httpx.AsyncClient, via: str, user: str, cursor: str, limit: int) -> Frame | None:
    """A page, or the problem that refuses it; None when it was not answered."""
    params: dict[str, Any] = {"meId": user, "cursor": cursor, "limit": limit}
    try:
        answer = await http.get(f"{via}/messages/sync", params=params)
    except httpx.TransportError:
        return None
    found: Frame = answer.json() if answer.status_code not in _OPEN else {}
    return found or None


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


async def present(http: httpx.AsyncClient, via: str, user: str) -> str:
    """The cursor of what there is now; asks until it is answered."""
    while True:
        try:
            answer = await http.get(f"{via}/messages/sync", params={"meId": user})
            if answer.is_success:
                return str(answer.json()["cursor"])
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.2)
