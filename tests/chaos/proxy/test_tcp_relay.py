"""Each fault of the relay happens to real connections as its method says, and ends when healed."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.chaos.proxy.tcp_relay import Direction, Relay
from tests.fixtures.notifier_processes import free_port


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


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, relay: Relay) -> "Client":
        return cls(*await asyncio.open_connection("127.0.0.1", relay.port))

    async def read(self, seconds: float = 10) -> bytes:
        return await asyncio.wait_for(self.reader.read(65536), seconds)

    async def expect(self, text: bytes) -> None:
        assert await asyncio.wait_for(self.reader.readexactly(len(text)), 30) == text

    async def expect_echo(self, text: bytes = b"before") -> None:
        self.writer.write(text)
        await self.expect(text)

    async def expect_silence(self) -> None:
        with pytest.raises(TimeoutError):
            await self.read(0.3)


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
async def client(relay: Relay) -> AsyncIterator[Client]:
    client = await Client.connect(relay)
    await client.expect_echo()
    yield client
    client.writer.close()


async def _expect_healed(relay: Relay) -> None:
    await relay.heal()
    client = await Client.connect(relay)
    await client.expect_echo(b"again")
    client.writer.close()


async def test_without_a_fault_any_amount_passes_in_order(client: Client) -> None:
    await client.expect_echo(b"".join(b"%09d" % n for n in range(500_000)))


async def test_eof_is_forwarded_after_the_data_before_it(client: Client, echo: EchoServer) -> None:
    client.writer.write(b" last words")
    client.writer.write_eof()
    await echo.wait_eof()
    assert echo.received == b"before last words"
    await client.expect(b" last words")
    echo.writers[0].close()
    assert await client.read() == b""


async def test_a_connection_closed_in_both_directions_is_removed(
    relay: Relay, client: Client, echo: EchoServer
) -> None:
    assert len(relay.connections) == 1
    client.writer.write_eof()
    await echo.wait_eof()
    echo.writers[0].write_eof()
    async with asyncio.timeout(10):
        while relay.connections:
            await asyncio.sleep(0.01)


async def test_latency_applies_in_each_direction_and_keeps_order(relay: Relay, client: Client) -> None:
    relay.delay(0.1, jitter=0.1)
    began = time.monotonic()
    for n in range(20):
        client.writer.write(b"%02d" % n)
        await asyncio.sleep(0.005)
    await client.expect(b"".join(b"%02d" % n for n in range(20)))
    assert time.monotonic() - began >= 0.2
    await relay.heal()
    await client.expect_echo(b"at once")


async def test_data_after_the_latency_does_not_overtake_delayed_data(
    relay: Relay, client: Client, echo: EchoServer
) -> None:
    received = asyncio.Event()
    relay.observe_traffic(lambda *_: received.set())
    relay.delay(0.05)
    client.writer.write(b" slow")
    await asyncio.wait_for(received.wait(), 10)
    await relay.heal()
    client.writer.write(b" fast")
    time.sleep(0.1)  # noqa: ASYNC251 - the loop then finds a new piece and a due one in one iteration
    async with asyncio.timeout(10):
        while len(echo.received) < 16:
            await asyncio.sleep(0.01)
    assert echo.received == b"before slow fast"


async def test_a_black_hole_holds_everything_until_healed(
    relay: Relay, client: Client, echo: EchoServer
) -> None:
    relay.black_hole()
    client.writer.write(b"held")
    late = await Client.connect(relay)
    late.writer.write(b"too")
    await client.expect_silence()
    assert echo.received == b"before"
    await relay.heal()
    await client.expect(b"held")
    await late.expect(b"too")
    late.writer.close()


async def test_a_black_hole_may_be_in_one_direction_only(
    relay: Relay, client: Client, echo: EchoServer
) -> None:
    relay.black_hole(Direction.DOWNSTREAM)
    client.writer.write(b" received")
    await client.expect_silence()
    assert echo.received == b"before received"


async def test_a_black_hole_hides_that_the_client_is_gone(
    relay: Relay, client: Client, echo: EchoServer
) -> None:
    relay.black_hole()
    client.writer.transport.abort()
    await asyncio.sleep(0.3)
    assert not echo.eof.is_set()
    await relay.heal()
    await echo.wait_eof()


async def test_a_reset_ends_present_and_new_connections(relay: Relay, client: Client) -> None:
    relay.reset()
    with pytest.raises(ConnectionResetError):
        await client.read()
    with pytest.raises(ConnectionResetError):
        await (await Client.connect(relay)).read()
    await _expect_healed(relay)


async def test_a_refused_client_may_connect_again_when_healed(relay: Relay, client: Client) -> None:
    await relay.refuse()
    with pytest.raises(ConnectionRefusedError):
        await Client.connect(relay)
    await _expect_healed(relay)


async def test_a_half_close_ends_one_direction_and_leaves_the_other(
    relay: Relay, client: Client, echo: EchoServer
) -> None:
    relay.half_close(Direction.UPSTREAM)
    await echo.wait_eof()
    client.writer.write(b"to nobody")
    echo.writers[0].write(b"still here")
    await client.expect(b"still here")
    assert echo.received == b"before"


async def test_a_server_that_is_down_shows_as_a_reset() -> None:
    relay = Relay(free_port(), free_port())
    await relay.open()
    with pytest.raises(ConnectionResetError):
        await (await Client.connect(relay)).read()
    await relay.close()
