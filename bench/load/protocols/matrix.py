"""Matrix's client-server API: PUT to send, a long poll of /sync to receive (spec v1.11)."""

import asyncio
import time
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson

from bench.load.protocols import TEXT, Receiver

_API = "/_matrix/client/v3"
_FILTER = {
    "presence": {"types": []},
    "account_data": {"types": []},
    "room": {
        "ephemeral": {"types": []},
        "account_data": {"types": []},
        "state": {"lazy_load_members": True},
        "timeline": {"types": ["m.room.message"], "limit": 100},
    },
}


class MatrixConnection:
    """One user's. Messages are numbered as /sync returns them, so their order is not checked."""

    def __init__(self, user: str) -> None:
        self.receiver: Receiver | None = None
        self._user = user
        self._since = ""
        self._received = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self, address: str) -> None:
        """Log in with the token that was written into the server's database: `token-` and the user."""
        headers = {"Authorization": f"Bearer token-{self._user}"}
        self._session = aiohttp.ClientSession(address, headers=headers, json_serialize=_json)
        await self._sync(0)
        self._spawn(self._receive())

    def send(self, conversation: str, peer: str, name: str) -> None:
        self._spawn(self._put(conversation, name))

    async def _put(self, room: str, name: str) -> None:
        url = f"{_API}/rooms/{quote(room)}/send/m.room.message/{name}"
        content = {"msgtype": "m.text", "body": TEXT, "clientId": name}
        async with self._session.put(url, json=content) as answer:
            await answer.read()
            if self.receiver and answer.status == 200:
                self.receiver.accepted(name, time.monotonic())
            elif self.receiver:
                self.receiver.refused(name)

    async def _receive(self) -> None:
        try:
            while True:
                page = await self._sync(30_000)
                now = time.monotonic()
                for room, updates in page.get("rooms", {}).get("join", {}).items():
                    for event in updates["timeline"]["events"]:
                        self._deliver(room, event["content"].get("clientId", ""), now)
        finally:
            if self.receiver:
                self.receiver.closed()

    def _deliver(self, room: str, name: str, now: float) -> None:
        self._received += 1
        if self.receiver:
            self.receiver.delivered(self._user, room, name, self._received, now)

    async def _sync(self, timeout_ms: int) -> dict[str, Any]:
        query = {"timeout": str(timeout_ms), "filter": _json(_FILTER)}
        if self._since:
            query["since"] = self._since
        async with self._session.get(f"{_API}/sync", params=query) as answer:
            answer.raise_for_status()
            page: dict[str, Any] = orjson.loads(await answer.read())
        self._since = page["next_batch"]
        return page

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
