"""Cold start and recovery (W7)."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
from pydantic import BaseModel

from bench.load.plan import Conversation, direct_conversations
from bench.scenarios.scenario import Recorder, numbers, option
from bench.systems.parley import Parley, Stack, running_stack, work_folder
from deploy.local.errors import UserError

_SERVICES = ("gateway", "notifier", "projector", "store")
_CONVERSATIONS = direct_conversations(24, 12)
"""As many as partitions, so that the killed process owns some of them."""
_TIMEOUT_SECONDS = 60.0
_RETRY_INTERVAL_SECONDS = 0.02
_REBALANCE_SECONDS = 4.0


class RestartFigures(BaseModel):
    of: str
    each: int
    """How many of each service there are."""
    seconds: float


@dataclass
class Restart:
    """Measure cold start and recovery (W7).

    How long the stack takes to be ready, without data and with its own of before; and how long, after
    `kill -9` of one process, until a message that is sent at once to each of a dozen people has reached the
    last of them, over a socket that comes back as soon as it can. With one of each service, and with two.
    """

    name: str = option("restart", "of the file in bench/results/")
    rounds: int = option(3, "deaths of each service")
    each: tuple[float, ...] = option((1, 2), "of each service", numbers, metavar="N,N,…")

    def run(self, recorder: Recorder) -> None:
        for count in map(int, self.each):
            counts = [f"--{name}s={count}" for name in ("gateway", "notifier", "projector")]
            with work_folder() as folder:
                for data in ("without data", "with data"):
                    began = time.monotonic()
                    with running_stack(folder, *counts, "--max-restarts=99") as stack:
                        seconds = time.monotonic() - began
                        recorder.add("start", RestartFigures(of=data, each=count, seconds=seconds))
                        recorder.settings["parley"] = Parley(stack).settings()
                        if data == "with data":
                            self._kill(stack, count, recorder)

    def _kill(self, stack: Stack, count: int, recorder: Recorder) -> None:
        Parley(stack).start(_CONVERSATIONS)
        for number, name in itertools.product(range(self.rounds), _SERVICES):
            seconds = asyncio.run(_recovery(stack, name, f"{number}-{name}"))
            recorder.add("death", RestartFigures(of=name, each=count, seconds=seconds))


async def _recovery(stack: Stack, name: str, client_id: str) -> float:
    """Seconds from the signal until the last message has arrived. Raises UserError."""
    async with aiohttp.ClientSession() as http:
        for url in (*stack.gateways, *stack.notifiers, *stack.projectors, stack.store):
            await _in_time(_ready(http, url), f"{url} is not ready")
        await asyncio.sleep(_REBALANCE_SECONDS)
        pairs = [_Pair(http, stack.gateways, conversation) for conversation in _CONVERSATIONS]
        cursors = await asyncio.gather(*(pair.cursor() for pair in pairs))
        receiving = [
            asyncio.create_task(pair.receive(cursor)) for pair, cursor in zip(pairs, cursors, strict=True)
        ]
        await asyncio.sleep(1)
        began = time.monotonic()
        stack.process(name).kill()
        exchange = asyncio.gather(*(pair.send(client_id) for pair in pairs), *receiving)
        await _in_time(exchange, f"a message did not arrive after the death of {name}")
        return time.monotonic() - began


async def _ready(http: aiohttp.ClientSession, url: str) -> None:
    while True:
        with suppress(aiohttp.ClientError):
            async with http.get(f"{url}/readyz") as answer:
                if answer.ok:
                    return
        await asyncio.sleep(_RETRY_INTERVAL_SECONDS)


async def _in_time(work: Awaitable[object], failure: str) -> None:
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            await work
    except TimeoutError:
        raise UserError(f"{failure} within {_TIMEOUT_SECONDS:.0f} s") from None


class _Pair:
    """Two people, one message. Whatever fails is tried again, over the next gateway."""

    def __init__(self, http: aiohttp.ClientSession, gateways: Sequence[str], talk: Conversation) -> None:
        self._http = http
        self._gateways = gateways
        self._conversation = talk.id
        self._sender, self._receiver = talk.members

    async def cursor(self) -> str:
        """Where the receiver stands."""
        async with self._http.get(f"{self._gateways[0]}/messages/sync?meId={self._receiver}") as answer:
            return str((await answer.json())["cursor"])

    async def send(self, client_id: str) -> None:
        body = {"conversationId": self._conversation, "text": "Are you there?", "clientId": client_id}

        async def send(gateway: str) -> bool:
            async with self._http.post(f"{gateway}/messages?meId={self._sender}", json=body) as answer:
                return answer.ok

        await self._retry(send)

    async def receive(self, cursor: str) -> None:
        params = {"token": self._receiver, "cursor": cursor}

        async def receive(gateway: str) -> bool:
            async with self._http.ws_connect(f"{gateway}/ws", params=params) as socket:
                async for frame in socket:
                    if frame.json()["type"] == "message":
                        return True
                return False

        await self._retry(receive)

    async def _retry(self, attempt: Callable[[str], Awaitable[bool]]) -> None:
        for gateway in itertools.cycle(self._gateways):
            with suppress(aiohttp.ClientError):
                if await attempt(gateway):
                    return
            await asyncio.sleep(_RETRY_INTERVAL_SECONDS)
