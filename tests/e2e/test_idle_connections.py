"""Connections that never send a request, more than a gateway may have, beside clients that chat."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from bench.load.reconnecting_clients import LoadPhase, PhaseReport, ReconnectingClients, StormSetup
from bench.measure.metrics_sampler import read_metrics
from bench.systems.parley import socket_url, start_conversations
from deploy.local.stack.state import Stack
from tests.conftest import StartStack

_HEAD_TIMEOUT = 10.0


async def test_idle_connections_keep_neither_clients_nor_probes_out(start_stack: StartStack) -> None:
    stack = start_stack(env={"MAX_CONNECTIONS": "400", "MAX_SOCKETS": "300"})
    async with _exchanging(stack, members=100) as clients:
        async with _probed(stack), _idle(stack, 600, rate=1_000), _endless_head(stack):
            beside = await clients.play(LoadPhase(seconds=4, rate=50))
            assert (await _metrics(stack))["server_connections"] <= 401  # one may be reading its refusal
        _require_undisturbed(beside)
        _require_undisturbed(await clients.play(LoadPhase(seconds=1, rate=50)))
        await _require_as_before(stack, sockets=100)
    metrics = await _metrics(stack)
    assert metrics["server_connections_closed_total"] >= 250


@pytest.mark.long
@pytest.mark.timeout(1_200)
async def test_20_400_idle_connections_delay_no_frame_of_1_000_sockets_by_more_than_twice(
    start_stack: StartStack,
) -> None:
    """The ratio of rounds beside them and rounds alone, in turn."""
    stack = start_stack()
    alone, beside = list[PhaseReport](), list[PhaseReport]()
    async with _exchanging(stack, members=1_000) as clients, _probed(stack):
        for _ in range(5):
            alone.append(await clients.play(LoadPhase(seconds=6, rate=50)))
            async with (
                _idle(stack, 10_200, rate=1_275),
                _idle(stack, 10_200, rate=1_275),
                _endless_head(stack),
            ):
                beside.append(await clients.play(LoadPhase(seconds=12, rate=50)))
        for report in (*alone, *beside):
            _require_undisturbed(report)
        await asyncio.sleep(35)
        await _require_as_before(stack, sockets=1_000)
        _require_undisturbed(await clients.play(LoadPhase(seconds=5, rate=50)))
    ratios = {
        "median": median(median(b.delays) / median(a.delays) for a, b in zip(alone, beside, strict=True)),
        "p95": median(_p95(b.delays) / _p95(a.delays) for a, b in zip(alone, beside, strict=True)),
    }
    print({name: round(ratio, 2) for name, ratio in ratios.items()})
    assert max(ratios.values()) <= 2, ratios


def _p95(delays: Sequence[float]) -> float:
    return quantiles(delays, n=20)[-1]


def _require_undisturbed(report: PhaseReport) -> None:
    assert (report.missing, report.skipped, report.away, report.dialled, report.closes) == (0, 0, 0, 0, {})


@asynccontextmanager
async def _exchanging(stack: Stack, members: int) -> AsyncIterator[ReconnectingClients]:
    """Clients on sockets that none of them may lose."""
    url = socket_url(stack.gateways[0])
    setup = StormSetup(home=url, refuge=url, clients=members, name="calm")
    await start_conversations(stack.gateways[0], setup.conversations())
    clients = ReconnectingClients(setup)
    await clients.connect()
    try:
        yield clients
    finally:
        clients.disconnect()


@asynccontextmanager
async def _idle(stack: Stack, count: int, rate: float) -> AsyncIterator[None]:
    """Opened meanwhile; all of them when this is left."""
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "tests.e2e.idle",
            str(urlsplit(stack.gateways[0]).port),
            str(count),
            str(rate),
        ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield
        assert process.stdout is not None
        async with asyncio.timeout(120):
            assert await process.stdout.readline() == b"open\n"
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def _endless_head(stack: Stack) -> AsyncIterator[None]:
    """Connections opened one after another, each refused at the limit."""

    async def send() -> None:
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(stack.gateways[0]).port)
            answer = asyncio.create_task(reader.readline())
            try:
                with suppress(ConnectionError):
                    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ")
                    while not answer.done():
                        writer.write(b"a" * 1_024)
                        await writer.drain()
                        await asyncio.sleep(0.005)
                assert (await answer).split()[1] in (b"431", b"408")  # by size, or where all is slow by time
            finally:
                answer.cancel()
                writer.transport.abort()

    async with _going_on(send()):
        yield


@asynccontextmanager
async def _probed(stack: Stack) -> AsyncIterator[None]:
    """/healthz answers all the time, each time on a connection of its own."""

    async def probe() -> None:
        while True:
            async with httpx.AsyncClient(timeout=10) as http:
                assert (await http.get(f"{stack.gateways[0]}/healthz")).status_code == 200
            await asyncio.sleep(0.2)

    async with _going_on(probe()):
        yield


@asynccontextmanager
async def _going_on(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Until this is left; raises what ended it before."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _require_as_before(stack: Stack, sockets: int) -> None:
    """Wait until all idle connections are closed; the sockets of the clients and a few calls remain."""
    most = sockets + 40
    async with asyncio.timeout(3 * _HEAD_TIMEOUT):
        while (await _metrics(stack))["server_connections"] > most:
            await asyncio.sleep(0.5)


async def _metrics(stack: Stack) -> dict[str, float]:
    with httpx.Client(timeout=10) as http:
        return await asyncio.to_thread(read_metrics, http, stack.admin["gateway"])
