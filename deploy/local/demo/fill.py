"""Sends the demo's messages over the public API; idempotent, since each has a fixed clientId."""

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp

from deploy.local.demo.script import Conversation
from deploy.local.errors import UserError

TIMEOUT_SECONDS = 30
MAX_ATTEMPTS = 10
"""Of one call, while the response is 202, 429 or 503; with `Retry-After` they take at least a minute."""


async def fill(gateway: str, conversations: Sequence[Conversation]) -> None:
    """Send all messages, in order; raise UserError with the server's reason when a call is refused."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    try:
        async with aiohttp.ClientSession(gateway, timeout=timeout) as http:
            for conversation in conversations:
                await _send(http, conversation)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise UserError(f"{gateway} does not answer ({error}); run it again to continue") from error


async def unread(gateway: str, user: str) -> int:
    """Return the number of unread messages in this user's first page of conversations."""
    async with aiohttp.ClientSession(gateway) as http:
        page = await _call(http, "GET", "/messages/conversations", user)
    return sum(int(item["unreadCount"]) for item in page["items"])


async def _send(http: aiohttp.ClientSession, conversation: Conversation) -> None:
    first, second = conversation.people
    started = await _call(http, "POST", "/messages/start", first, {"peerId": second})
    for number, message in enumerate(conversation.messages, 1):
        body = {
            "conversationId": started["id"],
            "text": message.text,
            "clientId": conversation.client_id(number),
        }
        wait = number in (conversation.read, len(conversation.messages))
        sent = await _call(http, "POST", "/messages", message.sender, body, wait=wait)
        if number == conversation.read:
            mark = {"conversationId": started["id"], "upTo": sent["seq"]}
            for user in conversation.people:
                await _call(http, "POST", "/messages/read", user, mark)


async def _call(
    http: aiohttp.ClientSession,
    method: str,
    path: str,
    user: str,
    body: dict[str, Any] | None = None,
    *,
    wait: bool = False,
) -> Any:
    """Return the response body; retry while the server is busy, with `wait` until the message is stored."""
    headers = {"Prefer": "wait=10"} if wait else {}
    detail = ""
    for attempt in range(1, MAX_ATTEMPTS + 1):
        async with http.request(method, path, params={"meId": user}, json=body, headers=headers) as response:
            answer = await response.json(content_type=None)
            if response.ok and not (wait and response.status != 201):
                return answer
            detail = answer.get("detail") or answer.get("status")
            if response.status not in (202, 429, 503):
                break
            await asyncio.sleep(float(response.headers.get("Retry-After", 1)) * attempt / 2)
    raise UserError(f"{method} {path} was refused: {detail}")
