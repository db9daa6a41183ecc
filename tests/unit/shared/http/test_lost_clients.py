"""Clients that leave while they are answered, on the event loop of the services: a transport of uvloop raises
RuntimeError for a write after its end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
import uvloop
from starlette.types import Message, Receive, Scope, Send

from tests.unit.shared.http.raw_http import Raw, Served, served

GET = b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
BROKEN_BODY = (
    b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n"
)
CHUNKS = 100


class Application:
    """Reads what a POST holds, and answers /stream in many pieces. Keeps what it was raised."""

    def __init__(self) -> None:
        self.calls = 0
        self.ended = 0
        self.failures: list[Exception] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.calls += 1
        try:
            if scope["method"] == "POST":
                await _read(receive)
            await (_stream if scope["path"] == "/stream" else _answer)(send)
        except Exception as error:
            self.failures.append(error)
            raise
        finally:
            self.ended += 1


async def _read(receive: Receive) -> None:
    message: Message = {"more_body": True}
    while message.get("more_body"):
        message = await receive()


async def _stream(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(CHUNKS):
        await send({"type": "http.response.body", "body": b"a" * 1_000, "more_body": True})
        await asyncio.sleep(0.005)
    await send({"type": "http.response.body"})


async def _answer(send: Send) -> None:
    await asyncio.sleep(0.05)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def reset(raw: Raw) -> None:
    raw.close()


async def close(raw: Raw) -> None:
    raw.writer.close()


async def half_close(raw: Raw) -> None:
    raw.writer.write_eof()


@pytest.fixture
def application(caplog: pytest.LogCaptureFixture) -> Application:
    caplog.set_level(logging.WARNING)
    return Application()


def require_no_error(application: Application, caplog: pytest.LogCaptureFixture) -> None:
    assert application.failures == []
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.parametrize("leave", [reset, close, half_close])
@pytest.mark.parametrize("requests", [1, 2], ids=["one request", "pipelined requests"])
def test_a_client_that_leaves_amid_its_answer_is_no_error(
    application: Application,
    caplog: pytest.LogCaptureFixture,
    leave: Callable[[Raw], Awaitable[None]],
    requests: int,
) -> None:
    async def scenario(serving: Served) -> None:
        async with serving.connected() as raw:
            await raw.send(GET * requests)
            await raw.reader.readuntil(b"\r\n\r\n")
            await leave(raw)
            while application.ended < application.calls:
                await asyncio.sleep(0.005)

    _run(application, scenario)
    require_no_error(application, caplog)


def test_a_refused_body_is_no_error_of_the_application_that_awaits_it(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(serving: Served) -> None:
        async with serving.connected() as raw:
            await raw.send(BROKEN_BODY)
            assert (await raw.answer()).status == 400
            assert await raw.ended() == b""
            while not application.ended:
                await asyncio.sleep(0.005)

    _run(application, scenario)
    require_no_error(application, caplog)


def test_an_upgrade_behind_an_unanswered_request_ends_the_connection_after_its_answer(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(serving: Served) -> None:
        async with serving.connected() as raw:
            await raw.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + UPGRADE)
            answer = await raw.answer()
            assert (answer.status, answer.body) == (200, b"ok")
            assert await raw.ended() == b""

    _run(application, scenario)
    require_no_error(application, caplog)


def _run(application: Application, scenario: Callable[[Served], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(30), served(application) as serving:
            await scenario(serving)

    uvloop.run(run())
