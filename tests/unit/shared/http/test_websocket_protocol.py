"""RawConnection over real WebSockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import cast

import pytest
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from shared.http.server import build_server
from shared.http.websocket_connection import EXTENSION, text_frame
from shared.http.websocket_protocol import WebSocketProtocol
from shared.runtime.settings import ProcessSettings
from tests.unit.shared.http.raw_http import served

_BIG = text_frame(b"a" * 100_000)


@asynccontextmanager
async def _line(
    on_control: Callable[[], None] = lambda: None,
) -> AsyncIterator[tuple[WebSocketProtocol, ClientConnection]]:
    """Both ends of one connection."""
    taken: asyncio.Future[WebSocketProtocol] = asyncio.get_running_loop().create_future()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            line = cast("WebSocketProtocol", scope["extensions"][EXTENSION])
            await receive()
            await send({"type": "websocket.accept"})
            end = line.start(lambda _: None, lambda: None, lambda: None, on_control)
            taken.set_result(line)
            await end

    serving = build_server(app, ProcessSettings(port=0), grace=1)
    task = asyncio.create_task(serving.serve())
    while not serving.started:
        await asyncio.sleep(0.005)
    port = serving.servers[0].sockets[0].getsockname()[1]
    try:
        async with connect(f"ws://127.0.0.1:{port}", close_timeout=0.1) as client:
            yield await taken, client
    finally:
        serving.should_exit = True
        await task


async def _read_all(client: ClientConnection) -> None:
    async for _ in client:
        pass


async def test_pings_of_a_client_that_does_not_read_get_one_pong_for_the_last() -> None:
    async with _line() as (line, client):
        client.transport.pause_reading()
        while line.is_writable:
            line.write(_BIG)
            await asyncio.sleep(0)
        held = line.transport.get_write_buffer_size()
        for number in range(10_000):
            client.protocol.send_ping(f"{number:0100}".encode())
        client.transport.write(b"".join(client.protocol.data_to_send()))
        last = await client.ping(b"last")
        await asyncio.sleep(0.5)
        assert line.transport.get_write_buffer_size() == held
        client.transport.resume_reading()
        async with asyncio.timeout(5):
            reading = asyncio.create_task(_read_all(client))
            await last
            reading.cancel()


async def _close_code(frames: bytes) -> int:
    """Return the close code for these bytes; the server must not read all of them first."""
    async with _line() as (_, client):
        client.transport.write(frames)
        async with asyncio.timeout(20):
            await client.wait_closed()
        assert client.close_code is not None
        return client.close_code


def _frame(first: int, payload: bytes = b"") -> bytes:
    """Return a frame masked with zeros."""
    return bytes((first, 0x80 | len(payload))) + bytes(4) + payload


async def test_a_message_of_too_many_fragments_is_closed_with_1009() -> None:
    many = _frame(0x00) * 1_022
    async with _line() as (line, client):
        client.transport.write(_frame(0x01) + many + _frame(0x80))
        await (await client.ping())
        assert not line.is_closed
    assert await _close_code(_frame(0x01) + many + _frame(0x80) * 2) == 1002
    assert await _close_code(_frame(0x01) + many + _frame(0x00) * 50_000) == 1009


async def test_thousands_of_frames_that_arrive_together_take_many_turns_of_the_event_loop() -> None:
    count, turns, last_turn = 0, 0, False

    def on_control() -> None:
        nonlocal count, last_turn, turns
        count += 1
        if not last_turn:
            last_turn, turns = True, turns + 1
            asyncio.get_running_loop().call_soon(end_turn)

    def end_turn() -> None:
        nonlocal last_turn
        last_turn = False

    async with _line(on_control) as (line, client):
        client.transport.write(_frame(0x8A) * 20_000)
        await (await client.ping())
        assert not line.is_closed
    assert count == 20_001
    assert count / turns < 64 + 1_024 / 6 + 1


async def test_reading_resumes_after_frames_that_took_many_turns() -> None:
    async with _line() as (line, client):
        for _ in range(3):
            client.transport.write(_frame(0x8A) * 2_000)
            line.pause_reading()
            await asyncio.sleep(0)
            line.resume_reading()
            async with asyncio.timeout(5):
                await (await client.ping())


async def test_what_arrived_together_is_not_parsed_while_reading_is_paused() -> None:
    count = 0

    def on_control() -> None:
        nonlocal count
        count += 1
        if count == 1:
            line.pause_reading()

    async with _line(on_control) as (line, client):
        client.transport.write(_frame(0x8A) * 2_000)
        pong = await client.ping()
        async with asyncio.timeout(5):
            while not count:
                await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        assert count < 64 + 1_024 / 6
        line.resume_reading()
        async with asyncio.timeout(5):
            await pong
    assert count == 2_001


async def test_discarded_input_is_not_parsed() -> None:
    count = 0

    def on_control() -> None:
        nonlocal count
        count += 1

    async with _line(on_control) as (line, client):
        await (await client.ping())
        line.discard_input()
        client.transport.write(_frame(0x8A) * 2_000)
        line.close(4429, "afterMs=1")
        async with asyncio.timeout(5):
            await client.wait_closed()
        assert client.close_code == 4429
    assert count == 1


async def test_text_that_is_not_utf_8_is_closed_with_1007_and_leaves_no_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await _close_code(_frame(0x81, b"\xff")) == 1007
    async with AsyncExitStack() as stack:  # also where ASGI reads
        serving = await stack.enter_async_context(served())
        raw = await stack.enter_async_context(connect(f"ws://127.0.0.1:{serving.port}"))
        raw.transport.write(_frame(0x81, b"\xff"))
        async with asyncio.timeout(20):
            await raw.wait_closed()
        assert raw.close_code == 1007
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


@pytest.mark.parametrize("size", [300_000, 1_048_576, 5_000_000])
async def test_a_message_above_the_limit_is_closed_with_a_reason(size: int) -> None:
    async with served() as serving:
        for _ in range(5):
            async with connect(f"ws://127.0.0.1:{serving.port}/", write_limit=2**24) as client:
                with suppress(ConnectionClosed):
                    await client.send("a" * size)
                await asyncio.wait_for(client.wait_closed(), 10)
            assert client.close_code == 1009, "the close was lost to a reset"


async def test_a_closed_connection_is_ended_soon_although_its_client_does_not_answer() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4401})
            assert (await receive())["type"] == "websocket.disconnect"

    key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    upgrade = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + key + b"\r\n"
    async with served(app) as serving, serving.connected() as raw:
        await raw.send(upgrade)
        assert (4401).to_bytes(2) in await raw.ended(patience=8)
