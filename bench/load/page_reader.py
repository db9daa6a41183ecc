"""Worker that reads pages one after the other over a few connections: a ReadingPlan, then ReadRequests.

HTTP/1.1 by hand: a client library costs more than the page it reads.
"""

import asyncio
import random
import time

from pydantic import BaseModel

from bench.load.latencies import Latencies
from bench.load.worker_process import Answer, serve

_CONTENT_LENGTH = b"content-length:"


class ReadingPlan(BaseModel):
    address: str
    """host:port"""
    visits: list[list[str]]
    """Paths that are read one after the other."""
    connections: int
    marker: str
    """Occurs in an answer once for each of its items …"""
    items: int
    """… which are so many."""


class ReadRequest(BaseModel):
    seconds: float
    seed: int


class ReadReport(BaseModel):
    latencies: Latencies
    """Of each page, from the request to the whole answer."""
    wrong: int
    """Answers other than 200 with all items."""
    seconds: float


class PageReader:
    """Visits drawn at random, from a seed."""

    def __init__(self, plan: ReadingPlan) -> None:
        self._plan = plan
        self._marker = plan.marker.encode()
        self._visits = [[_request(plan.address, path) for path in paths] for paths in plan.visits]

    async def read(self, request: ReadRequest) -> ReadReport:
        """Read for so many seconds."""
        began = time.monotonic()
        sources = (random.Random(request.seed + number) for number in range(self._plan.connections))
        parts = await asyncio.gather(
            *(self._connection(began + request.seconds, source) for source in sources)
        )
        return ReadReport(
            latencies=Latencies(latency for latencies, _ in parts for latency in latencies),
            wrong=sum(wrong for _, wrong in parts),
            seconds=time.monotonic() - began,
        )

    async def _connection(self, end: float, source: random.Random) -> tuple[list[float], int]:
        host, _, port = self._plan.address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
        latencies, wrong = [], 0
        while time.monotonic() < end:
            for request in source.choice(self._visits):
                began = time.monotonic()
                writer.write(request)
                wrong += not await self._is_whole(reader)
                latencies.append(time.monotonic() - began)
        writer.close()
        return latencies, wrong

    async def _is_whole(self, reader: asyncio.StreamReader) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        _, _, rest = head.lower().partition(_CONTENT_LENGTH)
        body = await reader.readexactly(int(rest.partition(b"\r\n")[0]))
        return head.startswith(b"HTTP/1.1 200") and body.count(self._marker) == self._plan.items


def _request(host: str, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n\r\n".encode()


async def _start(plan: ReadingPlan) -> Answer[ReadRequest]:
    return PageReader(plan).read


if __name__ == "__main__":
    serve(ReadingPlan, ReadRequest, _start)
