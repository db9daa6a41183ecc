"""Worker that is one user who takes all that the gateway gives, and ignores every delay: a FloodPlan, then
FloodRequests."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from http import HTTPStatus
from typing import Literal, get_args
from uuid import uuid4

import aiohttp
import orjson
from pydantic import BaseModel

from bench.load.worker_process import Answer, serve

FloodKind = Literal[
    "sends",
    "long sends",
    "posts",
    "foreign sends",
    "foreign sends over 100 sockets",
    "pages",
    "sockets",
    "pings",
    "connects",
]
KINDS: tuple[FloodKind, ...] = get_args(FloodKind)

_LONG_TEXT = "a" * 8_000
_FRAMES_AT_ONCE = 50
_MAX_SOCKETS = 1_500
_NICENESS = 10


class FloodPlan(BaseModel):
    gateway: str
    """URL."""


class FloodRequest(BaseModel):
    kind: FloodKind
    user: str
    conversation: str
    """The user is a member of it."""
    seconds: float


class FloodReport(BaseModel):
    attempted: int = 0
    accepted: int = 0
    """Messages, pages or sockets that the gateway took."""
    refused: int = 0
    """Answers 429 and frames `too_many`."""
    closed: int = 0
    """Sockets."""


class Flooder:
    """A flood of one kind, until it is cancelled."""

    def __init__(self, http: aiohttp.ClientSession, request: FloodRequest) -> None:
        self._http = http
        self._request = request
        self._report = FloodReport()

    async def run(self) -> FloodReport:
        """Return what came of it after the request's seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._request.seconds):
                await asyncio.gather(*self._floods())
        return self._report

    def _floods(self) -> list[Awaitable[None]]:
        match self._request.kind:
            case "sends":
                return [self._send_frames(lambda: self._message("hello"))]
            case "long sends":
                return [self._send_frames(lambda: self._message(_LONG_TEXT))]
            case "posts":
                return [self._repeat(self._post) for _ in range(16)]
            case "foreign sends":
                return [self._send_frames(self._foreign_message)]
            case "foreign sends over 100 sockets":
                return [self._send_frames(self._foreign_message) for _ in range(100)]
            case "pages":
                return [self._repeat(self._read_page) for _ in range(4)]
            case "sockets":
                return [self._hold_socket() for _ in range(_MAX_SOCKETS)]
            case "pings":
                return [self._send_frames(None)]
            case "connects":
                return [self._repeat(self._connect) for _ in range(16)]

    async def _repeat(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            self._report.attempted += 1
            with suppress(aiohttp.ClientError, OSError):
                await step()

    def _message(self, text: str, conversation: str = "") -> str:
        body = {"conversationId": conversation or self._request.conversation, "text": text}
        return orjson.dumps({"type": "message", **body}).decode()

    def _foreign_message(self) -> str:
        return self._message("hello", str(uuid4()))

    async def _send_frames(self, frame: Callable[[], str] | None) -> None:
        """Send frames, or pings, as fast as one socket takes them; reconnect at once when it is closed."""
        while True:
            with suppress(aiohttp.ClientError, OSError):
                async with self._socket() as socket:
                    reading = asyncio.create_task(self._count_answers(socket))
                    try:
                        while not reading.done():
                            for _ in range(_FRAMES_AT_ONCE):
                                self._report.attempted += 1
                                await (socket.ping() if frame is None else socket.send_str(frame()))
                            await asyncio.sleep(0)
                    finally:
                        reading.cancel()
            self._report.closed += 1

    async def _count_answers(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                frame = orjson.loads(message.data)
                self._report.accepted += frame["type"] == "accepted"
                self._report.refused += frame.get("code") == "too_many"

    async def _post(self) -> None:
        body = {"conversationId": self._request.conversation, "text": "hello"}
        async with self._http.post("/messages", params=self._me(), json=body) as answer:
            self._count(answer.status)

    async def _read_page(self) -> None:
        query = {**self._me(), "conversationId": self._request.conversation, "limit": "100"}
        async with self._http.get("/messages/history", params=query) as answer:
            await answer.read()
            self._count(answer.status)

    async def _connect(self) -> None:
        async with self._socket() as socket:
            frame = await socket.receive()
            self._report.accepted += frame.type is aiohttp.WSMsgType.TEXT
            self._report.closed += frame.type is not aiohttp.WSMsgType.TEXT

    async def _hold_socket(self) -> None:
        """Keep one socket open and read it; come back at once when it is closed."""
        while True:
            self._report.attempted += 1
            with suppress(aiohttp.ClientError, OSError):
                async with self._socket() as socket:
                    frame = await socket.receive()
                    self._report.accepted += frame.type is aiohttp.WSMsgType.TEXT
                    async for _ in socket:
                        pass
            self._report.closed += 1

    def _socket(self) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        return self._http.ws_connect("/ws", params={"token": self._request.user}, max_msg_size=0)

    def _count(self, status: int) -> None:
        self._report.accepted += status < HTTPStatus.BAD_REQUEST
        self._report.refused += status == HTTPStatus.TOO_MANY_REQUESTS

    def _me(self) -> dict[str, str]:
        return {"meId": self._request.user}


async def _start(plan: FloodPlan) -> Answer[FloodRequest]:
    os.nice(_NICENESS)  # its own CPU is not what is measured

    async def flood(request: FloodRequest) -> FloodReport:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(plan.gateway, connector=connector) as http:
            return await Flooder(http, request).run()

    return flood


if __name__ == "__main__":
    serve(FloodPlan, FloodRequest, _start)
