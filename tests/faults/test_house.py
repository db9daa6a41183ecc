"""The house of the fault tests: what is done to a process happens to it, and it comes back."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from tests.e2e import client
from tests.faults.house import House, house
from tests.faults.proxy import Way


@pytest.fixture(scope="module")
async def home() -> AsyncIterator[House]:
    async with house(env={"gateway-2": {"HEARTBEAT_SECONDS": "3"}}, proxied=True) as built:
        yield built


def _environment(home: House, name: str) -> dict[str, str]:
    text = Path(f"/proc/{home.running[name].pid}/environ").read_bytes().rstrip(b"\0").decode()
    return dict(line.partition("=")[::2] for line in text.split("\0"))


async def _told(home: House, text: str) -> None:
    """A message goes all the way, over both gateways."""
    async with client.http(home.gateways[0]) as http, client.socket(home.gateways[1], "bob") as bob:
        conversation = await client.start(http, "ann", "bob")
        await http.post(
            "/messages", params={"meId": "ann"}, json={"conversationId": conversation, "text": text}
        )
        await bob.expect(type="message", text=text)


async def test_a_message_goes_through_the_proxies_between_all_pairs(home: House) -> None:
    await _told(home, "through")
    used = {pair for pair, proxy in home.proxies.items() if proxy.connections}
    assert used >= {pair for pair in home.proxies if pair[0] != "client"}
    assert len(home.proxies) == 17


async def test_each_process_has_the_environment_that_was_given_for_it(home: House) -> None:
    assert _environment(home, "gateway-2")["HEARTBEAT_SECONDS"] == "3"
    assert "HEARTBEAT_SECONDS" not in _environment(home, "gateway")


async def test_a_process_is_different_for_one_life_only(home: House) -> None:
    await home.restart_with("projector-2", env={"FAILPOINT": "none:7"})
    assert _environment(home, "projector-2")["FAILPOINT"] == "none:7"
    before = home.running["projector-2"]
    home.kill("projector-2")
    await home.back("projector-2", before)
    assert "FAILPOINT" not in _environment(home, "projector-2")
    await _told(home, "after other lives")


async def test_a_different_life_that_ends_at_once_is_not_taken_for_a_ready_one(home: House) -> None:
    with pytest.raises(RuntimeError, match="store ended before it was ready"):
        await home.restart_with("store", argv=[sys.executable, "-c", "raise SystemExit(1)"])


async def test_what_is_away_comes_back_after_the_block(home: House) -> None:
    life = home.running["store"]
    async with home.away("store"):
        await asyncio.sleep(1)
        assert not life.is_running
        assert home.running["store"] == life
    await home.back("store", life)


async def test_a_frozen_database_answers_nobody_until_it_is_thawed(home: House) -> None:
    connection = await psycopg.AsyncConnection.connect(home.database, autocommit=True)
    async with connection:
        home.freeze("postgres")
        asked = asyncio.create_task(connection.execute("select 1"))
        await asyncio.sleep(1)
        assert not asked.done()
        home.thaw("postgres")
        await asyncio.wait_for(asked, 10)


async def test_what_is_committed_survives_the_death_of_postgresql(home: House) -> None:
    async with await psycopg.AsyncConnection.connect(home.database, autocommit=True) as connection:
        await connection.execute("create table kept (n int)")
        await connection.execute("insert into kept values (7)")
        life = home.running["postgres"]
        home.kill("postgres")
    await home.back("postgres", life)
    async with await psycopg.AsyncConnection.connect(home.database) as connection:
        assert await (await connection.execute("select n from kept")).fetchall() == [(7,)]


async def test_a_black_hole_cuts_one_pair_off_and_nothing_else(home: House) -> None:
    hole = home.proxies["gateway", "store"]
    hole.black_hole(Way.BOTH)
    async with client.http(home.gateways[0]) as first, client.http(home.gateways[1]) as second:
        asked = {"meId": "ann"}
        assert (await first.get("/messages/conversations", params=asked)).status_code == 503
        assert (await second.get("/messages/conversations", params=asked)).status_code == 200
        await hole.heal()
        async with asyncio.timeout(30):
            while (await first.get("/messages/conversations", params=asked)).status_code != 200:
                await asyncio.sleep(0.1)


def test_everything_runs_beside_this_process(home: House) -> None:
    assert os.getpid() not in {life.pid for life in home.running.values()}
    assert all(life.is_running for life in home.running.values())
