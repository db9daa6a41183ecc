"""Requests each conversation as users who were never members, on every route and with every frame.

Lists, syncs and connections name none; what users see there is checked for all of them anyway.
"""

from collections.abc import AsyncIterator, Iterable

import httpx

from shared.http.problems import STATUS
from tests.chaos.checker.final_state import ProbeResult
from tests.chaos.checker.history import History
from tests.chaos.checker.reference_model import Entry
from tests.e2e import client

_USERS_PER_CONVERSATION = 2


async def probe_authorization(
    http: httpx.AsyncClient, history: History, entries: Iterable[Entry]
) -> list[ProbeResult]:
    """`http` has the gateway as its base URL. Raises httpx.TransportError, OSError, TimeoutError."""
    members: dict[str, set[str]] = {}
    for entry in entries:
        members.setdefault(entry.conversation, set()).update(entry.audience)
    return [
        result
        for conversation, own in sorted(members.items())
        for user in [user for user in history.users if user not in own][:_USERS_PER_CONVERSATION]
        async for result in _probe(http, user, conversation, history.start_cursors[min(own)])
    ]


async def _probe(
    http: httpx.AsyncClient, user: str, conversation: str, member_cursor: str
) -> AsyncIterator[ProbeResult]:
    caller, named = {"meId": user}, {"conversationId": conversation}
    response = await http.get("/messages/history", params=caller | named)
    yield ProbeResult(user, conversation, "history", response.status_code)
    response = await http.post("/messages", params=caller, json=named | {"text": "let me in"})
    yield ProbeResult(user, conversation, "send", response.status_code)
    response = await http.post("/messages/read", params=caller, json=named | {"upTo": 1})
    yield ProbeResult(user, conversation, "read", response.status_code)
    response = await http.get("/messages/sync", params=caller | {"cursor": member_cursor})
    yield ProbeResult(user, conversation, "sync with a member's cursor", response.status_code, 410)
    yield ProbeResult(user, conversation, "send on a socket", await _send_on_socket(http, user, named))


async def _send_on_socket(http: httpx.AsyncClient, user: str, named: dict[str, str]) -> int:
    """The equivalent HTTP status."""
    async with client.socket(str(http.base_url).rstrip("/"), user) as socket:
        await socket.send(type="message", clientId="s", text="let me in", **named)
        frame = await socket.find(lambda frame: frame["type"] in ("accepted", "error"))
        return 202 if frame["type"] == "accepted" else STATUS[frame["code"]]
