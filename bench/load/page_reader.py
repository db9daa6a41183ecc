"""Reads pages one after the other over a few connections, in a process of its own.

A Fetching goes in and `ready` comes out; then each Reading is answered by a Fetched. HTTP/1.1 by hand: a
client library costs more than the page it fetches.
"""

import asyncio
import random
import sys
import time

import uvloop
from pydantic import BaseModel

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Fetching(BaseModel):
    address: str
    """host:port"""
    visits: list[list[str]]
    """Each is a row of paths, asked in turn."""
    connections: int
    marker: str
    """Stands in an answer once for each of its items …"""
    items: int
    """… of which there are so many."""


class Reading(BaseModel):
    seconds: float
    seed: int


class Fetched(BaseModel):
    latencies: list[float]
    """In seconds, of each page, from asking to having it whole."""
    wrong: int
    """Answers that were not 200 with all items."""
    seconds: float


class Fetcher:
    def __init__(self, plan: Fetching) -> None:
        self._plan = plan
        self._marker = plan.marker.encode()
        self._visits = [[_request(path) for path in paths] for paths in plan.visits]

    async def read(self, asked: Reading) -> Fetched:
        began = time.monotonic()
        told = Fetched(latencies=[], wrong=0, seconds=0)
        until = began + asked.seconds
        ways = (self._way(until, random.Random(asked.seed + n), told) for n in range(self._plan.connections))
        await asyncio.gather(*ways)
        return told.model_copy(update={"seconds": time.monotonic() - began})

    async def _way(self, until: float, chance: random.Random, told: Fetched) -> None:
        """One connection's."""
        host, _, port = self._plan.address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
        while time.monotonic() < until:
            for request in chance.choice(self._visits):
                began = time.monotonic()
                writer.write(request)
                good = await self._answer(reader)
                told.latencies.append(time.monotonic() - began)
                told.wrong += not good
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bool:
        """Whether it is as it should be."""
        head = await reader.readuntil(_END)
        _, _, rest = head.lower().partition(_LENGTH)
        body = await reader.readexactly(int(rest.partition(b"\r\n")[0]))
        return head.startswith(b"HTTP/1.1 200") and body.count(self._marker) == self._plan.items


def _request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n\r\n".encode()


async def _run() -> None:
    fetcher = Fetcher(Fetching.model_validate_json(sys.stdin.readline()))
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print((await fetcher.read(Reading.model_validate_json(line))).model_dump_json(), flush=True)


if __name__ == "__main__":
    uvloop.run(_run())
