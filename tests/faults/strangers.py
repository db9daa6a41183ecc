"""Some who never belonged to a conversation ask for it, on every route and with every frame that names one.

What they are shown where they name none, in lists, sync and sockets, is judged for everybody.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable

import httpx
import orjson
from websockets.asyncio.client import connect

from shared.http.problems import STATUS
from tests.faults.ledger import Ledger
from tests.faults.observed import Trespass
from tests.faults.recount import Happened

_STRANGERS = 2
"""For each conversation."""


async def trespass(http: httpx.AsyncClient, ledger: Ledger, entries: Iterable[Happened]) -> list[Trespass]:
    """`http` knows the gateway. Raises httpx.TransportError, OSError, TimeoutError."""
    inside: dict[str, set[str]] = {}
    for each in entries:
        inside.setdefault(each.conversation, set()).update(each.audience)
    return [
        answer
        for conversation, members in sorted(inside.items())
        for user in _outside(ledger.users, members)
        async for answer in _answers(http, user, conversation, ledger.first[min(members)])
    ]


async def _answers(
    http: httpx.AsyncClient, user: str, conversation: str, cursor: str
) -> AsyncIterator[Trespass]:
    """`cursor` is a member's."""
    caller, named = {"meId": user}, {"conversationId": conversation}
    answer = await http.get("/messages/history", params=caller | named)
    yield Trespass(user, conversation, "history", answer.status_code)
    answer = await http.post("/messages", params=caller, json=named | {"text": "let me in"})
    yield Trespass(user, conversation, "send", answer.status_code)
    answer = await http.post("/messages/read", params=caller, json=named | {"upTo": 1})
    yield Trespass(user, conversation, "read", answer.status_code)
    answer = await http.get("/messages/sync", params=caller | {"cursor": cursor})
    yield Trespass(user, conversation, "sync with a member's cursor", answer.status_code, right=410)
    yield Trespass(user, conversation, "send on a socket", await _sent(http.base_url, user, named))


async def _sent(gateway: httpx.URL, user: str, named: dict[str, str]) -> int:
    url = gateway.copy_with(scheme="ws", path="/ws", params={"token": user})
    async with asyncio.timeout(10), connect(str(url), max_size=None, ping_interval=None) as socket:
        await socket.send(
            orjson.dumps({"type": "message", "clientId": "s", "text": "let me in"} | named).decode()
        )
        while True:
            frame = orjson.loads(await socket.recv())
            if frame["type"] == "accepted":
                return 202
            if frame["type"] == "error":
                return STATUS[frame["code"]]


def _outside(users: Collection[str], members: Collection[str]) -> list[str]:
    return [user for user in users if user not in members][:_STRANGERS]
