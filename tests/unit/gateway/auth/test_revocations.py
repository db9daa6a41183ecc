"""Revoked tokens at one gateway: what links bring, what is loaded from the store, and when."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from gateway.auth.revocations import Revocations
from gateway.store.client import StoreUnavailable
from shared.contract.fields import timestamp
from shared.http.problems import Problem
from shared.internal.store_api import RevocationsPage

NOW = 1_800_000_000.0
AT = "2027-01-15T08:00:00.000Z"  # NOW
MAX_AGE, LEEWAY = 3_600.0, 30.0
PAUSE = 0.01


@dataclass
class Source:
    latest: dict[str, str] = field(default_factory=dict)
    away: bool = False
    loads: list[tuple[str, str | None]] = field(default_factory=list)

    async def revocations(self, since: str, after: str | None) -> RevocationsPage:
        self.loads.append((since, after))
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailable("away")
        users = [user for user in sorted(self.latest) if after is None or user > after]
        return RevocationsPage({user: self.latest[user] for user in users[:2]}, has_more=len(users) > 2)


@dataclass
class World:
    source: Source = field(default_factory=Source)
    closed: list[tuple[str, float, float]] = field(default_factory=list)
    links_are_ready: bool = True

    def __post_init__(self) -> None:
        self.revocations = Revocations(
            self.source,
            max_age=MAX_AGE,
            leeway=LEEWAY,
            on_revoked=lambda *revoked: self.closed.append(revoked),
            now=lambda: NOW,
            interval=PAUSE,
        )

    def is_revoked(self, user: str, issued_at: float) -> bool:
        return self.revocations.is_revoked(user, issued_at)


@asynccontextmanager
async def running(world: World) -> AsyncIterator[World]:
    task = asyncio.create_task(world.revocations.run(lambda: world.links_are_ready))
    try:
        yield world
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_until_they_are_loaded_no_token_with_a_time_is_accepted() -> None:
    world = World()
    world.source.away = True
    async with running(world):
        await until(lambda: len(world.source.loads) > 2)
        with pytest.raises(Problem) as refused:
            world.is_revoked("ann", NOW)
        assert refused.value.status == 503
        assert not world.revocations.is_revoked("ann", None)
        world.source.away = False
        await until(lambda: world.revocations.is_loaded)
        assert not world.is_revoked("ann", NOW)


async def test_a_token_is_revoked_if_it_was_issued_up_to_the_revocation_and_the_leeway() -> None:
    async with running(World()) as world:
        await until(lambda: world.revocations.is_loaded)
        world.revocations.revoke("ann", AT)
        assert world.is_revoked("ann", NOW - 1)
        assert world.is_revoked("ann", NOW + LEEWAY)
        assert not world.is_revoked("ann", NOW + LEEWAY + 1)
        assert not world.is_revoked("bob", NOW - 1)
        assert world.closed == [("ann", NOW, LEEWAY)]


async def test_an_earlier_revocation_does_not_weaken_a_later_one() -> None:
    async with running(World()) as world:
        await until(lambda: world.revocations.is_loaded)
        world.revocations.revoke("ann", AT)
        world.revocations.revoke("ann", "2026-01-01T00:00:00.000Z")
        assert world.is_revoked("ann", NOW)


async def test_every_page_is_loaded_and_its_sockets_are_closed() -> None:
    world = World(Source(dict.fromkeys(["ann", "bob", "cat", "dan", "eve"], AT)))
    async with running(world):
        await until(lambda: world.revocations.is_loaded)
        assert [user for user, *_ in world.closed] == ["ann", "bob", "cat", "dan", "eve"]
        assert {since for since, _ in world.source.loads} == {"2027-01-15T06:59:00.000Z"}
        assert [after for _, after in world.source.loads] == [None, "bob", "dan"]


async def test_while_every_link_is_ready_no_load_is_repeated() -> None:
    async with running(World()) as world:
        await until(lambda: world.revocations.is_loaded)
        for _ in range(10):
            await asyncio.sleep(PAUSE)
        assert len(world.source.loads) == 1


async def test_while_a_link_is_down_they_are_loaded_again_and_again_and_once_more_when_it_is_up() -> None:
    async with running(World(links_are_ready=False)) as world:
        await until(lambda: len(world.source.loads) > 3)
        world.links_are_ready = True
        loads = len(world.source.loads)
        world.source.latest["ann"] = AT
        await until(lambda: bool(world.closed))
        assert len(world.source.loads) <= loads + 2


async def test_a_load_that_is_requested_is_repeated_until_the_store_answers() -> None:
    async with running(World()) as world:
        await until(lambda: world.revocations.is_loaded)
        world.source.away = True
        world.source.latest["ann"] = AT
        world.revocations.reload()
        await until(lambda: len(world.source.loads) > 3)
        assert not world.is_revoked("ann", NOW)
        world.source.away = False
        await until(lambda: bool(world.closed))
        assert world.is_revoked("ann", NOW)


async def test_a_revocation_is_kept_until_the_last_token_that_it_revokes_has_expired() -> None:
    async with running(World()) as world:
        await until(lambda: world.revocations.is_loaded)
        revoked_at = NOW - MAX_AGE - 2 * LEEWAY + 1
        world.revocations.revoke("ann", timestamp(datetime.fromtimestamp(revoked_at, UTC)))
        loads = len(world.source.loads)
        world.revocations.reload()
        await until(lambda: len(world.source.loads) > loads)
        await asyncio.sleep(0)  # until the page is there
        await asyncio.sleep(0)
        assert world.is_revoked("ann", revoked_at + LEEWAY)


async def test_a_revocation_older_than_any_token_is_forgotten() -> None:
    async with running(World()) as world:
        await until(lambda: world.revocations.is_loaded)
        world.revocations.revoke("ann", "2027-01-15T06:00:00.000Z")
        assert world.is_revoked("ann", NOW - 7_200)
        world.revocations.reload()
        await until(lambda: not world.is_revoked("ann", NOW - 7_200))
