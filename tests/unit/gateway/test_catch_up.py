"""Whose turn it is to read what was missed, while the store is away or behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from gateway.catch_up import AT_ONCE, CatchUp
from gateway.event_log import EventLog
from gateway.outbox import Outbox
from gateway.socket import Socket
from gateway.store import Answer, Progress, StorePort, Unavailable
from gateway.stretches import Stretches
from tests.unit.gateway.house import EPOCH


class Store:
    """Away, or ahead of nobody called `late…`."""

    away = False

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def sync(self, user: str, at: str, **_: object) -> Answer:
        self.asked.append(user)
        if self.away:
            raise Unavailable
        if user.startswith("late"):
            return Answer(503, b'{"code":"projection_behind"}')
        return Answer(200, b'{"entries":[],"cursor":"%s","hasMore":false}' % at.encode())


class Log:
    async def ends(self) -> dict[int, int]:
        return {0: 9}


@asynccontextmanager
async def catching_up(store: Store, *users: str) -> AsyncIterator[dict[str, asyncio.Task[None]]]:
    catch_up = CatchUp(cast("StorePort", store), cast("EventLog", Log()))
    tasks = {user: asyncio.create_task(catch_up.show(behind(user))) for user in users}
    for _ in range(100):
        await asyncio.sleep(0)
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.wait(tasks.values())


def behind(user: str) -> Socket:
    socket = Socket(user, Outbox(10, 10_000), Stretches(), abort=lambda: None)
    socket.registered = True
    socket.begin(Progress(EPOCH, (5,)))
    socket.fall_behind()
    return socket


async def test_while_the_store_is_away_only_a_few_ask_again() -> None:
    store = Store()
    store.away = True
    async with catching_up(store, *(f"user-{n}" for n in range(10 * AT_ONCE))) as tasks:
        assert len(store.asked) == AT_ONCE
        store.away = False
        async with asyncio.timeout(5):
            await asyncio.gather(*tasks.values())


async def test_who_waits_for_the_projection_keeps_nobody_from_reading() -> None:
    async with catching_up(Store(), *(f"late-{n}" for n in range(AT_ONCE)), "ana") as tasks:
        assert tasks["ana"].done()
        assert not any(task.done() for user, task in tasks.items() if user != "ana")
