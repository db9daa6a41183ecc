"""Traffic that reaches every metric: sends by both entrances, histories, lists, catching up, connects."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
from websockets.exceptions import WebSocketException

from tests.e2e import client

_PAUSE_SECONDS = 0.1
_AWAY = (httpx.TransportError, OSError, WebSocketException, TimeoutError)
"""What a client meets while a process is stopped."""


@asynccontextmanager
async def load(gateway: str) -> AsyncIterator[None]:
    """Run until the block is left. A gateway that does not answer is tried again."""
    running = [asyncio.create_task(work(gateway)) for work in (_calls, _frames, _connects)]
    try:
        yield
        for task in running:
            assert not task.done(), task.exception()
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)


async def _calls(gateway: str) -> None:
    while True:
        with suppress(*_AWAY):
            async with httpx.AsyncClient(base_url=gateway, timeout=2) as http:
                answer = await http.post("/messages/start", params={"meId": "ann"}, json={"peerId": "bob"})
                await _call(http, str(answer.json().get("id")))
        await asyncio.sleep(_PAUSE_SECONDS)


async def _call(http: httpx.AsyncClient, conversation: str) -> None:
    reader = {"meId": "bob"}
    for number in range(50):
        await http.post(
            "/messages",
            params={"meId": "ann"},
            json={"conversationId": conversation, "text": f"{number}"},
            headers={"Prefer": "wait=1"},
        )
        await http.get("/messages/history", params={**reader, "conversationId": conversation})
        await http.get("/messages/conversations", params=reader)
        await http.get("/messages/sync", params=reader)
        await asyncio.sleep(_PAUSE_SECONDS)


async def _frames(gateway: str) -> None:
    while True:
        with suppress(*_AWAY):
            async with (
                client.http(gateway) as http,
                client.socket(gateway, "ann") as ann,
                client.socket(gateway, "bob"),
            ):
                conversation = await client.start(http, "ann", "bob")
                while True:
                    await ann.send(type="message", conversationId=conversation, text="by a frame")
                    await asyncio.sleep(_PAUSE_SECONDS)
        await asyncio.sleep(_PAUSE_SECONDS)


async def _connects(gateway: str) -> None:
    while True:
        with suppress(*_AWAY):
            async with client.socket(gateway, "eve"):
                pass
        await asyncio.sleep(_PAUSE_SECONDS)
