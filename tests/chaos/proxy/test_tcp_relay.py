"""Each fault of the relay happens to real connections as its method says, and ends when healed."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.chaos.proxy.tcp_relay import Direction, Relay
from tests.notifier_processes import free_port

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class EchoServer:
    """Sends back what it receives, and records how its connections end."""

    def __init__(self) -> None:
        self.received = b""
        self.eof = asyncio.Event()
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                self.received += data
                writer.write(data)
        self.eof.set()

    async def wait_eof(self) -> None:
        await asyncio.wait_for(self.eof.wait(), 10)


@pytest.fixture
async def echo() -> EchoServer:
    return EchoServer()


@pytest.fixture
async def relay(echo: EchoServer) -> AsyncIterator[Relay]:
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    relay = Relay(free_port(), server.sockets[0].getsockname()[1])
    await relay.open()
    yield relay
    await relay.close()
    await asyncio.sleep(0.05)
    for writer in echo.writers:
        writer.close()
    server.close()


@pytest.fixture
async def connection(relay: Relay) -> AsyncIterator[Connection]:
    reader, writer = await _connect(relay)
    yield reader, writer
    writer.close()


async def _connect(relay: Relay) -> Connection:
    return await asyncio.open_connection("127.0.0.1", relay.port)


async def _expect(connection: Connection, text: bytes) -> None:
    assert await asyncio.wait_for(connection[0].readexactly(len(text)), 30) == text


async def _expect_echo(connection: Connection, text: bytes = b"before") -> None:
    connection[1].write(text)
    await _expect(connection, text)


async def _expect_echo_on_a_new_connection(relay: Relay) -> None:
    connection = await _connect(relay)
    await _expect_echo(connection, b"again")
    connection[1].close()


async def _first_byte(relay: Relay) -> None:
    reader, _ = await _connect(relay)
    await asyncio.wait_for(reader.read(1), 10)


async def _expect_silence(reader: asyncio.StreamReader, seconds: float = 0.3) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), seconds)


async def test_without_a_fault_any_amount_passes_in_order(connection: Connection) -> None:
    await _expect_echo(connection, b"".join(b"%09d" % n for n in range(500_000)))


async def test_eof_is_forwarded_after_the_data_before_it(connection: Connection, echo: EchoServer) -> None:
    reader, writer = connection
    writer.write(b"last words")
    writer.write_eof()
    await echo.wait_eof()
    assert echo.received == b"last words"
    echo.writers[0].close()
    assert await asyncio.wait_for(reader.read(), 10) == b"last words"


async def test_a_connection_closed_in_both_directions_is_removed(
    relay: Relay, connection: Connection, echo: EchoServer
) -> None:
    await _expect_echo(connection)
    assert len(relay.connections) == 1
    connection[1].write_eof()
    await echo.wait_eof()
    echo.writers[0].write_eof()
    async with asyncio.timeout(10):
        while relay.connections:
            await asyncio.sleep(0.01)


async def test_latency_applies_in_each_direction_and_keeps_order(
    relay: Relay, connection: Connection
) -> None:
    relay.delay(0.1, jitter=0.1)
    began = time.monotonic()
    for n in range(20):
        connection[1].write(b"%02d" % n)
        await asyncio.sleep(0.005)
    await _expect(connection, b"".join(b"%02d" % n for n in range(20)))
    assert time.monotonic() - began >= 0.2
    await relay.heal()
    await _expect_echo(connection, b"at once")


async def test_data_after_the_latency_does_not_overtake_delayed_data(
    relay: Relay, connection: Connection, echo: EchoServer
) -> None:
    await _expect_echo(connection)
    received = asyncio.Event()
    relay.observe_traffic(lambda *_: received.set())
    relay.delay(0.05)
    connection[1].write(b" slow")
    await asyncio.wait_for(received.wait(), 10)
    await relay.heal()
    connection[1].write(b" fast")
    time.sleep(0.1)  # noqa: ASYNC251 - the loop then finds a new piece and a due one in one iteration
    async with asyncio.timeout(10):
        while len(echo.received) < 16:
            await asyncio.sleep(0.01)
    assert echo.received == b"before slow fast"


async def test_a_black_hole_holds_everything_until_healed(
    relay: Relay, connection: Connection, echo: EchoServer
) -> None:
    await _expect_echo(connection)
    relay.black_hole()
    connection[1].write(b"held")
    late = await _connect(relay)
    late[1].write(b"too")
    await _expect_silence(connection[0])
    assert echo.received == b"before"
    await relay.heal()
    await _expect(connection, b"held")
    await _expect(late, b"too")
    late[1].close()


async def test_a_black_hole_may_be_in_one_direction_only(
    relay: Relay, connection: Connection, echo: EchoServer
) -> None:
    await _expect_echo(connection)
    relay.black_hole(Direction.DOWNSTREAM)
    connection[1].write(b"received")
    await _expect_silence(connection[0])
    assert echo.received == b"beforereceived"


async def test_a_black_hole_hides_that_the_client_is_gone(
    relay: Relay, connection: Connection, echo: EchoServer
) -> None:
    await _expect_echo(connection)
    relay.black_hole()
    connection[1].transport.abort()
    await asyncio.sleep(0.3)
    assert not echo.eof.is_set()
    await relay.heal()
    await echo.wait_eof()


async def test_a_reset_ends_present_and_new_connections(relay: Relay, connection: Connection) -> None:
    await _expect_echo(connection)
    relay.reset()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(connection[0].read(1), 10)
    with pytest.raises(ConnectionResetError):
        await _first_byte(relay)
    await relay.heal()
    await _expect_echo_on_a_new_connection(relay)


async def test_a_refused_client_may_connect_again_when_healed(relay: Relay, connection: Connection) -> None:
    await _expect_echo(connection)
    await relay.refuse()
    with pytest.raises(ConnectionRefusedError):
        await _connect(relay)
    await relay.heal()
    await _expect_echo_on_a_new_connection(relay)


async def test_a_half_close_ends_one_direction_and_leaves_the_other(
    relay: Relay, connection: Connection, echo: EchoServer
) -> None:
    await _expect_echo(connection)
    relay.half_close(Direction.UPSTREAM)
    await echo.wait_eof()
    connection[1].write(b"to nobody")
    echo.writers[0].write(b"still here")
    await _expect(connection, b"still here")
    assert echo.received == b"before"


async def test_a_server_that_is_down_shows_as_a_reset() -> None:
    relay = Relay(free_port(), free_port())
    await relay.open()
    with pytest.raises(ConnectionResetError):
        await _first_byte(relay)
    await relay.close()
