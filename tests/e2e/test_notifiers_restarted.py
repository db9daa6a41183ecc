"""Notifiers are restarted, as a rollout does: all gateways share them, and no gateway may become unready."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from deploy.local.stack.state import Stack
from tests.conftest import StartStack
from tests.e2e import client
from tests.fixtures.platform import away

GATEWAYS = ("gateway", "gateway-2")
NOTIFIERS = ("notifier", "notifier-2")


@pytest.fixture(scope="module")
def two(start_stack: StartStack) -> Stack:
    return start_stack(gateways=2, notifiers=2)


@asynccontextmanager
async def _probing(stack: Stack) -> AsyncIterator[list[str]]:
    """Probe both gateways all the time; yield what was wrong."""
    faults: list[str] = []
    probes = dict.fromkeys(GATEWAYS, 0)

    async def probe(name: str) -> None:
        async with httpx.AsyncClient(base_url=stack.admin[name]) as http:
            while True:
                answer = await http.get("/readyz")
                probes[name] += 1
                if answer.status_code != 200:
                    faults.append(f"{name}: {answer.text}")
                await asyncio.sleep(0.02)

    probing = [asyncio.create_task(probe(name)) for name in GATEWAYS]
    try:
        yield faults
    finally:
        for task in probing:
            task.cancel()
        ended = await asyncio.gather(*probing, return_exceptions=True)
    assert [error for error in ended if not isinstance(error, asyncio.CancelledError)] == []
    assert all(probes.values())


async def _restart(stack: Stack, name: str) -> None:
    before = stack.reload().process(name)
    before.signal(signal.SIGTERM)
    async with asyncio.timeout(60), httpx.AsyncClient(base_url=stack.admin[name]) as http:
        while True:
            try:
                is_ready = (await http.get("/readyz")).status_code == 200
            except httpx.TransportError:
                is_ready = False
            if is_ready and stack.reload().process(name).pid != before.pid:
                return
            await asyncio.sleep(0.05)


async def test_gateways_stay_ready_and_take_messages_while_notifiers_are_restarted_one_by_one(
    two: Stack,
) -> None:
    async with client.http(two.gateways[0]) as http, client.socket(two.gateways[1], "ben") as ben:
        conversation = await client.start(http, "ann", "ben")
        async with _probing(two) as faults:
            for name in NOTIFIERS:
                restarting = asyncio.create_task(_restart(two, name))
                while not restarting.done():
                    await _send(http, conversation, name)
                await restarting
        await _send(http, conversation, "last")
        await ben.expect(type="message", text="last")
    assert faults == []


async def test_gateways_stay_ready_and_take_messages_while_there_is_no_notifier(two: Stack) -> None:
    async with client.http(two.gateways[0]) as http:
        conversation = await client.start(http, "ann", "cat")
        async with _probing(two) as faults:
            with away(two, NOTIFIERS[0]), away(two, NOTIFIERS[1]):
                for number in range(20):
                    await _send(http, conversation, str(number))
    assert faults == []


async def _send(http: httpx.AsyncClient, conversation: str, text: str) -> None:
    body = {"conversationId": conversation, "text": text}
    answer = await http.post("/messages", params={"meId": "ann"}, json=body)
    assert answer.status_code == 202, answer.text
