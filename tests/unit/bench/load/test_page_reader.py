import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.load.page_reader import Fetched, Fetcher, Fetching, Reading


@asynccontextmanager
async def server(answers: dict[str, bytes]) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
                writer.write(answers[path])
        except asyncio.IncompleteReadError:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()
    async with listening:
        yield f"{host}:{port}"


def answer(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


async def fetched(*paths: str) -> Fetched:
    answers = {
        "/whole": answer("200 OK", b'["x","x"]'),
        "/half": answer("200 OK", b'["x"]'),
        "/ill": answer("503 Away", b'["x","x"]'),
    }
    async with server(answers) as address:
        plan = Fetching(address=address, visits=[list(paths)], connections=2, marker='"x"', items=2)
        return await Fetcher(plan).read(Reading(seconds=0.1, seed=1))


async def test_pages_are_counted_each() -> None:
    told = await fetched("/whole", "/whole")
    assert told.wrong == 0
    assert len(told.latencies) >= 4


async def test_a_page_that_lacks_an_item_or_is_an_error_is_wrong() -> None:
    told = await fetched("/half", "/ill", "/whole")
    assert told.wrong * 3 == len(told.latencies) * 2
