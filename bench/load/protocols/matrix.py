"""Matrix's client-server API: PUT to send, a long poll of /sync to hear (spec v1.11)."""

import asyncio
import time
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson

from bench.load.protocols import TEXT, Ear

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


class Client:
    """One user's. The server's order is `/sync`'s: numbered here as it comes, so it is not judged."""

    def __init__(self, user: str) -> None:
        self.ear: Ear | None = None
        self._user = user
        self._since = ""
        self._heard = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self, address: str) -> None:
        """Logs in with the token that the server's owner wrote down: `token-` and the user."""
        headers = {"Authorization": f"Bearer token-{self._user}"}
        self._session = aiohttp.ClientSession(address, headers=headers, json_serialize=_text)
        await self._sync(0)
        self._busy(self._listen())

    def send(self, conversation: str, peer: str, name: str) -> None:
        self._busy(self._put(conversation, name))

    async def _put(self, room: str, name: str) -> None:
        url = f"{_API}/rooms/{quote(room)}/send/m.room.message/{name}"
        content = {"msgtype": "m.text", "body": TEXT, "clientId": name}
        async with self._session.put(url, json=content) as answer:
            await answer.read()
            ear = self.ear
            if ear and answer.status == 200:
                ear.accepted(name, time.monotonic())
            elif ear:
                ear.refused(name)

    async def _listen(self) -> None:
        try:
            await self._hear()
        finally:
            if self.ear:
                self.ear.closed()

    async def _hear(self) -> None:
        while True:
            said = await self._sync(30_000)
            now = time.monotonic()
            for room, what in said.get("rooms", {}).get("join", {}).items():
                for event in what["timeline"]["events"]:
                    self._told(room, event["content"].get("clientId", ""), now)

    def _told(self, room: str, name: str, now: float) -> None:
        self._heard += 1
        if self.ear:
            self.ear.delivered(self._user, room, name, self._heard, now)

    async def _sync(self, longest: int) -> dict[str, Any]:
        query = {"timeout": str(longest), "filter": _text(_FILTER)}
        if self._since:
            query["since"] = self._since
        async with self._session.get(f"{_API}/sync", params=query) as answer:
            answer.raise_for_status()
            said: dict[str, Any] = orjson.loads(await answer.read())
        self._since = said["next_batch"]
        return said

    def _busy(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()
