import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.load.page_reader import PageReader, ReadingPlan, ReadReport, ReadRequest


@asynccontextmanager
async def server(answers: dict[str, bytes]) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                host, port = writer.get_extra_info("sockname")
                is_own_host = f"\r\nHost: {host}:{port}\r\n" in head
                writer.write(answers[head.split()[1]] if is_own_host else answer("421 Misdirected", b""))
        except asyncio.IncompleteReadError:
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    async with listener:
        yield f"{host}:{port}"


def answer(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


async def pages(*paths: str) -> ReadReport:
    answers = {
        "/whole": answer("200 OK", b'["x","x"]'),
        "/half": answer("200 OK", b'["x"]'),
        "/ill": answer("503 Away", b'["x","x"]'),
    }
    async with server(answers) as address:
        plan = ReadingPlan(address=address, visits=[list(paths)], connections=2, marker='"x"', items=2)
        return await PageReader(plan).read(ReadRequest(seconds=0.1, seed=1))


async def test_every_page_is_counted() -> None:
    report = await pages("/whole", "/whole")
    assert report.wrong == 0
    assert len(report.latencies) >= 4


async def test_a_page_that_lacks_an_item_or_is_an_error_is_wrong() -> None:
    report = await pages("/half", "/ill", "/whole")
    assert report.wrong * 3 == len(report.latencies) * 2
