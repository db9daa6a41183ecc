"""A client of the gateway, over HTTP and WebSocket only."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import quote

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Frame = dict[str, Any]


class Socket:
    """An open connection and every frame received, in order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.frames: list[Frame] = []
        self._connection = connection
        self._grown = asyncio.Event()

    async def read(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self._connection:
                self.frames.append(orjson.loads(text))
                self._grown.set()

    async def send(self, **frame: Any) -> None:
        await self._connection.send(orjson.dumps(frame).decode())

    async def send_raw(self, data: str | bytes) -> None:
        await self._connection.send(data)

    async def close_code(self, patience: float = 10) -> int | None:
        async with asyncio.timeout(patience):
            await self._connection.wait_closed()
        return self._connection.close_code

    async def expect(self, patience: float = 10, **fields: Any) -> Frame:
        """Return the first frame with these fields, received already or within `patience` seconds."""
        return await self.find(lambda frame: fields.items() <= frame.items(), patience)

    async def find(self, fits: Callable[[Frame], bool], patience: float = 10) -> Frame:
        async with asyncio.timeout(patience):
            while True:
                for frame in self.frames:
                    if fits(frame):
                        return frame
                self._grown.clear()
                await self._grown.wait()

    def of(self, kind: str) -> list[Frame]:
        return [frame for frame in self.frames if frame["type"] == kind]


@asynccontextmanager
async def socket(
    gateway: str, user: str | None, *, query: str = "", headers: Mapping[str, str] | None = None
) -> AsyncIterator[Socket]:
    """Connect and wait for `synced`. Without a user the `headers` authenticate."""
    token = "" if user is None else f"token={quote(user)}"
    url = f"{gateway.replace('http', 'ws', 1)}/ws?{token}{query}"
    async with connect(url, max_size=None, open_timeout=15, additional_headers=headers) as connection:
        opened = Socket(connection)
        reading = asyncio.create_task(opened.read())
        try:
            await opened.expect(type="synced")
            yield opened
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading


@asynccontextmanager
async def http(gateway: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=gateway, timeout=15) as client:
        yield client


async def start(client: httpx.AsyncClient, user: str, peer: str) -> str:
    """Start the direct conversation and return its id."""
    answer = await client.post("/messages/start", params={"meId": user}, json={"peerId": peer})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def history(client: httpx.AsyncClient, user: str, conversation: str, **params: Any) -> list[Frame]:
    """Read all pages; oldest message first."""
    items: list[Frame] = []
    bound: dict[str, Any] = {}
    while True:
        query: dict[str, Any] = {"meId": user, "conversationId": conversation, "limit": 100} | params | bound
        answer = await client.get("/messages/history", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items = page["items"] + items
        if not page["hasMore"]:
            return items
        bound = {"before": items[0]["seq"]}
