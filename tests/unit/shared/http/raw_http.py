"""A server with a small application, and raw connections to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.connections import Timeouts
from shared.http.server import build_server, measure_connections
from shared.runtime.settings import ProcessSettings


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = orjson.loads(self.body)
        assert problem["status"] == self.status
        return problem


class Raw:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        with suppress(ConnectionError):
            await self.writer.drain()

    async def answer(self, patience: float = 10) -> Answer:
        async with asyncio.timeout(patience):
            head = await self.reader.readuntil(b"\r\n\r\n")
            status, *lines = head.decode("latin-1").split("\r\n")[:-2]
            headers = dict(line.lower().split(": ", 1) for line in lines)
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
            return Answer(int(status.split(" ")[1]), headers, body)

    async def ended(self, patience: float = 10) -> bytes:
        """Return what arrived before the server ended the connection."""
        async with asyncio.timeout(patience):
            rest = b""
            with suppress(ConnectionError):
                while data := await self.reader.read(65_536):
                    rest += data
            return rest

    def close(self) -> None:
        self.writer.transport.abort()


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the request as it was understood, /big?n with n bytes; accepts WebSockets."""
    if scope["type"] == "lifespan":
        return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    body = b""
    while scope["method"] == "POST":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        if not message["more_body"]:
            break
    fields = [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]]
    answer = orjson.dumps({"method": scope["method"], "fields": fields, "body": body.decode()})
    if scope["path"] == "/big":
        answer = b"a" * int(scope["query_string"])
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


class Served:
    def __init__(self, port: int) -> None:
        self.port = port

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Raw]:
        raw = Raw(*await asyncio.open_connection("127.0.0.1", self.port, limit=2**24))
        try:
            yield raw
        finally:
            raw.close()

    async def ask(self, data: bytes) -> Answer:
        async with self.connected() as raw:
            await raw.send(data)
            return await raw.answer()


@asynccontextmanager
async def served(
    app: ASGIApp = echo, *, timeouts: Timeouts | None = None, **options: Any
) -> AsyncIterator[Served]:
    settings = ProcessSettings(port=0, **options.pop("settings", {}))
    serving = build_server(app, settings, grace=1, timeouts=timeouts or Timeouts(), **options)
    measure_connections(serving)
    task = asyncio.create_task(serving.serve())
    while not serving.started:
        await asyncio.sleep(0.005)
    try:
        yield Served(serving.servers[0].sockets[0].getsockname()[1])
    finally:
        serving.should_exit = True
        await task
