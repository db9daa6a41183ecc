"""Cold start and death (W7): `python -m bench.restart`.

How long the stack takes to be ready, without data and with those it left; and how long, after `kill -9` of
one process, until a message to each of a dozen people that is sent at once is heard by the last of them, over
a socket that comes back as soon as it can. With one of each service, and with two.
"""

import argparse
import asyncio
import itertools
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel

from bench import results
from bench.plan import Pair, pairs
from bench.target import Parley, work_folder
from deploy.local.errors import UserError
from deploy.local.stack.daemon import running_stack
from deploy.local.stack.state import Stack
from deploy.local.supervisor import health_checks

_SERVICES = ("gateway", "notifier", "projector", "store")
_TALKS = pairs(24, 12)
"""As many as partitions: some of them are the killed one's."""
_PATIENCE = 60.0
_AGAIN = 0.02  # seconds
_REST = 4.0  # seconds, in which the group gives out its partitions again


class Restart(BaseModel):
    of: str
    each: int
    """How many of each service there are."""
    seconds: float


def main() -> int:
    """The exit code: 0 when all came back."""
    chosen = _parser().parse_args()
    told: dict[str, list[BaseModel]] = {"start": [], "death": []}
    settings: dict[str, str] = {}
    try:
        for each in chosen.each:
            counts = [f"--{name}s={each}" for name in ("gateway", "notifier", "projector")]
            with work_folder() as folder:
                for data in ("without data", "with data"):
                    began = time.monotonic()
                    with running_stack(folder, *counts, "--max-restarts=99") as stack:
                        _tell(told["start"], data, each, time.monotonic() - began)
                        settings = Parley(stack).settings()
                        if data == "with data":
                            told["death"] += _deaths(stack, each, chosen.rounds)
    except UserError as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    results.keep(chosen.name, {"parley": settings}, told)
    return 0


def _deaths(stack: Stack, each: int, rounds: int) -> list[BaseModel]:
    told: list[BaseModel] = []
    Parley(stack).begin(_TALKS)
    for number, name in itertools.product(range(rounds), _SERVICES):
        asyncio.run(_sound(stack))
        _tell(told, name, each, asyncio.run(_death(stack, name, f"{number}-{name}")))
    return told


def _tell(told: list[BaseModel], of: str, each: int, seconds: float) -> None:
    told.append(Restart(of=of, each=each, seconds=seconds))
    print(f"{each} of each, {of:>12}: {seconds:5.1f} s", flush=True)


async def _sound(stack: Stack) -> None:
    """Returns when everything has been ready for a while. Raises UserError."""
    for address in (*stack.gateways, *stack.notifiers, *stack.projectors, stack.store):
        await _patiently(_ready(address), f"{address} is not ready")
    await asyncio.sleep(_REST)


async def _ready(address: str) -> None:
    ready = health_checks.http(urlsplit(address).port or 80)
    while not await ready():  # noqa: ASYNC110
        await asyncio.sleep(_AGAIN)


async def _death(stack: Stack, name: str, client_id: str) -> float:
    """Seconds from the signal until the last one has heard. Raises UserError."""
    async with aiohttp.ClientSession() as http:
        talks = [_Talk(http, stack.gateways, pair) for pair in _TALKS]
        cursors = await asyncio.gather(*(talk.cursor() for talk in talks))
        hearing = [
            asyncio.create_task(talk.hear(cursor)) for talk, cursor in zip(talks, cursors, strict=True)
        ]
        await asyncio.sleep(1)
        began = time.monotonic()
        stack.reload().process(name).signal(signal.SIGKILL)
        everybody = asyncio.gather(*(talk.send(client_id) for talk in talks), *hearing)
        await _patiently(everybody, f"a message was not heard after the death of {name}")
        return time.monotonic() - began


async def _patiently(what: Any, otherwise: str) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            await what
    except TimeoutError:
        raise UserError(f"{otherwise} within {_PATIENCE:.0f} s") from None


class _Talk:
    """Two people, one message. Whatever fails is tried again, over the next gateway."""

    def __init__(self, http: aiohttp.ClientSession, gateways: Sequence[str], pair: Pair) -> None:
        self._http = http
        self._gateways = gateways
        self._pair = pair

    async def cursor(self) -> str:
        """Where things stand for who will hear it."""
        url = f"{self._gateways[0]}/messages/sync?meId={self._pair.b}"
        async with self._http.get(url) as answer:
            return str((await answer.json())["cursor"])

    async def send(self, client_id: str) -> None:
        said = {
            "conversationId": self._pair.conversation,
            "text": "Are you there?",
            "clientId": client_id,
        }
        for gateway in itertools.cycle(self._gateways):
            try:
                async with self._http.post(f"{gateway}/messages?meId={self._pair.a}", json=said) as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(_AGAIN)

    async def hear(self, cursor: str) -> None:
        asked = {"token": self._pair.b, "cursor": cursor}
        for gateway in itertools.cycle(self._gateways):
            try:
                async with self._http.ws_connect(f"{gateway}/ws", params=asked) as socket:
                    async for frame in socket:
                        if frame.json()["type"] == "message":
                            return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(_AGAIN)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.restart", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--name", default="restart", help="of the file in bench/results/")
    parser.add_argument("--rounds", type=int, default=3, help="deaths of each")
    parser.add_argument("--each", type=int, nargs="+", default=[1, 2], metavar="N", help="of each service")
    return parser


if __name__ == "__main__":
    sys.exit(main())
