"""Every condition of the proxy does to real connections what it says, and is gone when healed."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.chaos.proxy.tcp_relay import Direction, Relay
from tests.notifier_processes import free_port

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Echo:
    """A server that says what it hears, and notes how its connections end."""

    def __init__(self) -> None:
        self.heard = b""
        self.ended = asyncio.Event()
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                self.heard += data
                writer.write(data)
        self.ended.set()


@pytest.fixture
async def echo() -> Echo:
    return Echo()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[Relay]:
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    made = Relay(free_port(), server.sockets[0].getsockname()[1])
    await made.open()
    yield made
    await made.close()
    await asyncio.sleep(0.05)
    for writer in echo.writers:
        writer.close()
    server.close()


@pytest.fixture
async def connection(proxy: Relay) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    yield reader, writer
    writer.close()


async def _answered(connection: Connection, text: bytes) -> None:
    reader, writer = connection
    writer.write(text)
    assert await asyncio.wait_for(reader.readexactly(len(text)), 10) == text


async def _first_byte(proxy: Relay) -> None:
    reader, _ = await asyncio.open_connection("127.0.0.1", proxy.port)
    await asyncio.wait_for(reader.read(1), 10)


async def _silent(reader: asyncio.StreamReader, seconds: float = 0.3) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), seconds)


async def test_without_trouble_everything_passes_in_order_however_much_it_is(connection: Connection) -> None:
    reader, writer = connection
    text = b"".join(b"%09d" % n for n in range(500_000))
    writer.write(text)
    assert await asyncio.wait_for(reader.readexactly(len(text)), 30) == text


async def test_an_end_is_passed_on_after_what_was_said(connection: Connection, echo: Echo) -> None:
    reader, writer = connection
    writer.write(b"last words")
    writer.write_eof()
    await asyncio.wait_for(echo.ended.wait(), 10)
    assert echo.heard == b"last words"
    echo.writers[0].close()
    assert await asyncio.wait_for(reader.read(), 10) == b"last words"


async def test_a_connection_that_ended_both_ways_is_gone(
    proxy: Relay, connection: Connection, echo: Echo
) -> None:
    await _answered(connection, b"before")
    assert len(proxy.connections) == 1
    connection[1].write_eof()
    await asyncio.wait_for(echo.ended.wait(), 10)
    echo.writers[0].write_eof()
    async with asyncio.timeout(10):
        while proxy.connections:
            await asyncio.sleep(0.01)


async def test_latency_comes_on_each_way_and_keeps_the_order(proxy: Relay, connection: Connection) -> None:
    proxy.delay(0.1, jitter=0.1)
    began = time.monotonic()
    for n in range(20):
        connection[1].write(b"%02d" % n)
        await asyncio.sleep(0.005)
    assert await connection[0].readexactly(40) == b"".join(b"%02d" % n for n in range(20))
    assert time.monotonic() - began >= 0.2
    await proxy.heal()
    await _answered(connection, b"at once")


async def test_what_comes_after_the_latency_does_not_overtake_what_is_due(
    proxy: Relay, connection: Connection, echo: Echo
) -> None:
    await _answered(connection, b"before")
    heard = asyncio.Event()
    proxy.observe_traffic(lambda *_: heard.set())
    proxy.delay(0.05)
    connection[1].write(b" slow")
    await asyncio.wait_for(heard.wait(), 10)
    await proxy.heal()
    connection[1].write(b" fast")
    time.sleep(0.1)  # noqa: ASYNC251 - the loop finds one that has come and one that is due, at once
    async with asyncio.timeout(10):
        while len(echo.heard) < 16:
            await asyncio.sleep(0.01)
    assert echo.heard == b"before slow fast"


async def test_a_black_hole_holds_everything_and_it_arrives_when_healed(
    proxy: Relay, connection: Connection, echo: Echo
) -> None:
    await _answered(connection, b"before")
    proxy.black_hole()
    connection[1].write(b"held")
    late = await asyncio.open_connection("127.0.0.1", proxy.port)
    late[1].write(b"too")
    await _silent(connection[0])
    assert echo.heard == b"before"
    await proxy.heal()
    assert await asyncio.wait_for(connection[0].readexactly(4), 10) == b"held"
    assert await asyncio.wait_for(late[0].readexactly(3), 10) == b"too"
    late[1].close()


async def test_a_black_hole_may_be_on_one_way_only(proxy: Relay, connection: Connection, echo: Echo) -> None:
    await _answered(connection, b"before")
    proxy.black_hole(Direction.DOWN)
    connection[1].write(b"heard")
    await _silent(connection[0])
    assert echo.heard == b"beforeheard"


async def test_in_a_black_hole_nobody_hears_that_the_other_is_gone(
    proxy: Relay, connection: Connection, echo: Echo
) -> None:
    await _answered(connection, b"before")
    proxy.black_hole()
    connection[1].transport.abort()
    await asyncio.sleep(0.3)
    assert not echo.ended.is_set()
    await proxy.heal()
    await asyncio.wait_for(echo.ended.wait(), 10)


async def test_a_reset_ends_what_is_there_and_what_comes(proxy: Relay, connection: Connection) -> None:
    await _answered(connection, b"before")
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(connection[0].read(1), 10)
    with pytest.raises(ConnectionResetError):
        await _first_byte(proxy)
    await proxy.heal()
    again = await asyncio.open_connection("127.0.0.1", proxy.port)
    await _answered(again, b"again")
    again[1].close()


async def test_who_is_refused_may_come_again_when_healed(proxy: Relay, connection: Connection) -> None:
    await _answered(connection, b"before")
    await proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", proxy.port)
    await proxy.heal()
    again = await asyncio.open_connection("127.0.0.1", proxy.port)
    await _answered(again, b"again")
    again[1].close()


async def test_a_half_close_ends_one_way_and_leaves_the_other(
    proxy: Relay, connection: Connection, echo: Echo
) -> None:
    await _answered(connection, b"before")
    proxy.half_close(Direction.UP)
    await asyncio.wait_for(echo.ended.wait(), 10)
    connection[1].write(b"to nobody")
    echo.writers[0].write(b"still here")
    assert await asyncio.wait_for(connection[0].readexactly(10), 10) == b"still here"
    assert echo.heard == b"before"


async def test_a_server_that_is_not_there_shows_as_a_reset() -> None:
    proxy = Relay(free_port(), free_port())
    await proxy.open()
    with pytest.raises(ConnectionResetError):
        await _first_byte(proxy)
    await proxy.close()
