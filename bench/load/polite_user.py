"""Worker that is two users who talk at an even pace, one of whom reads history: a PolitePlan, then
PoliteRequests."""

import asyncio

import aiohttp
import orjson
from pydantic import BaseModel

from bench.load.latencies import Latencies
from bench.load.worker_process import Answer, serve

_MESSAGE_INTERVAL_SECONDS = 0.05
_HISTORY_INTERVAL_SECONDS = 0.1
_DELIVERY_TIMEOUT_SECONDS = 10.0


class PolitePlan(BaseModel):
    gateway: str
    """URL."""
    sender: str
    receiver: str
    conversation: str


class PoliteRequest(BaseModel):
    name: str
    """Of the round: begins its messages' client ids."""
    seconds: float


class PoliteReport(BaseModel):
    messages: Latencies
    """From the moment a frame was due to the receiver's frame."""
    history: Latencies
    """From the moment a call was due to its whole answer."""
    missing: int
    """Messages that did not arrive, and calls that were not answered 200."""


class PoliteUsers:
    """Connected while entered; `play` is one round."""

    def __init__(self, plan: PolitePlan, http: aiohttp.ClientSession) -> None:
        self._plan = plan
        self._http = http
        self._due: dict[str, float] = {}
        """When the messages that have not arrived were due, by client id."""
        self._messages: list[float] = []
        self._history: list[float] = []
        self._missing = 0

    async def run(
        self, requests: "asyncio.Queue[PoliteRequest]", reports: "asyncio.Queue[PoliteReport]"
    ) -> None:
        """Answer requests until cancelled."""
        async with (
            self._http.ws_connect("/ws", params={"token": self._plan.receiver}) as receiving,
            self._http.ws_connect("/ws", params={"token": self._plan.sender}) as sending,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(self._receive(receiving))
            tasks.create_task(_drop_frames(sending))
            while True:
                await reports.put(await self._play(sending, await requests.get()))

    async def _play(self, socket: aiohttp.ClientWebSocketResponse, request: PoliteRequest) -> PoliteReport:
        self._due, self._messages, self._history, self._missing = {}, [], [], 0
        began = asyncio.get_running_loop().time()
        await asyncio.gather(self._send(socket, request, began), self._read(request, began))
        deadline = asyncio.get_running_loop().time() + _DELIVERY_TIMEOUT_SECONDS
        while self._due and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return PoliteReport(
            messages=Latencies(self._messages),
            history=Latencies(self._history),
            missing=self._missing + len(self._due),
        )

    async def _send(
        self, socket: aiohttp.ClientWebSocketResponse, request: PoliteRequest, began: float
    ) -> None:
        for number in range(round(request.seconds / _MESSAGE_INTERVAL_SECONDS)):
            await _sleep_until(began + number * _MESSAGE_INTERVAL_SECONDS)
            client_id = f"{request.name}.{number}"
            self._due[client_id] = began + number * _MESSAGE_INTERVAL_SECONDS
            body = {"conversationId": self._plan.conversation, "text": "hello", "clientId": client_id}
            await socket.send_str(orjson.dumps({"type": "message", **body}).decode())

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            due = self._due.pop(orjson.loads(message.data).get("clientId", ""), None)
            if due is not None:
                self._messages.append(asyncio.get_running_loop().time() - due)

    async def _read(self, request: PoliteRequest, began: float) -> None:
        query = {"meId": self._plan.receiver, "conversationId": self._plan.conversation, "limit": "20"}
        for number in range(round(request.seconds / _HISTORY_INTERVAL_SECONDS)):
            due = began + number * _HISTORY_INTERVAL_SECONDS
            await _sleep_until(due)
            async with self._http.get("/messages/history", params=query) as answer:
                await answer.read()
                self._missing += not answer.ok
            self._history.append(asyncio.get_running_loop().time() - due)


async def _drop_frames(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - asyncio.get_running_loop().time()))


async def _start(plan: PolitePlan) -> Answer[PoliteRequest]:
    requests, reports = asyncio.Queue[PoliteRequest](), asyncio.Queue[PoliteReport]()
    users = PoliteUsers(plan, aiohttp.ClientSession(plan.gateway))
    running = asyncio.create_task(users.run(requests, reports))

    async def play(request: PoliteRequest) -> PoliteReport:
        await requests.put(request)
        answer = asyncio.create_task(reports.get())
        await asyncio.wait([answer, running], return_when=asyncio.FIRST_COMPLETED)
        return answer.result()

    return play


if __name__ == "__main__":
    serve(PolitePlan, PoliteRequest, _start)
