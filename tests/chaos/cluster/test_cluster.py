"""The cluster of the fault tests: what is done to a process happens to it, and it comes back."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from tests.chaos.cluster.cluster import Cluster, start_cluster
from tests.chaos.proxy.tcp_relay import Direction
from tests.e2e import client


@pytest.fixture(scope="module")
async def cluster() -> AsyncIterator[Cluster]:
    async with start_cluster(env={"gateway-2": {"HEARTBEAT_SECONDS": "3"}}, proxied=True) as built:
        yield built


def _environment(cluster: Cluster, name: str) -> dict[str, str]:
    text = Path(f"/proc/{cluster.running[name].pid}/environ").read_bytes().rstrip(b"\0").decode()
    return dict(line.partition("=")[::2] for line in text.split("\0"))


async def _told(cluster: Cluster, text: str) -> None:
    """A message goes all the way, over both gateways."""
    async with client.http(cluster.gateways[0]) as http, client.socket(cluster.gateways[1], "bob") as bob:
        conversation = await client.start(http, "ann", "bob")
        await http.post(
            "/messages", params={"meId": "ann"}, json={"conversationId": conversation, "text": text}
        )
        await bob.expect(type="message", text=text)


async def test_a_message_goes_through_the_proxies_between_all_pairs(cluster: Cluster) -> None:
    await _told(cluster, "through")
    used = {pair for pair, proxy in cluster.proxies.items() if proxy.connections}
    assert used >= {pair for pair in cluster.proxies if pair[0] != "client"}
    assert len(cluster.proxies) == 17


async def test_each_process_has_the_environment_that_was_given_for_it(cluster: Cluster) -> None:
    assert _environment(cluster, "gateway-2")["HEARTBEAT_SECONDS"] == "3"
    assert "HEARTBEAT_SECONDS" not in _environment(cluster, "gateway")


async def test_a_process_is_different_for_one_life_only(cluster: Cluster) -> None:
    await cluster.restart_with("projector-2", env={"FAILPOINT": "none:7"})
    assert _environment(cluster, "projector-2")["FAILPOINT"] == "none:7"
    before = cluster.running["projector-2"]
    cluster.kill("projector-2")
    await cluster.back("projector-2", before)
    assert "FAILPOINT" not in _environment(cluster, "projector-2")
    await _told(cluster, "after other lives")


async def test_a_different_life_that_ends_at_once_is_not_taken_for_a_ready_one(cluster: Cluster) -> None:
    with pytest.raises(RuntimeError, match="store ended before it was ready"):
        await cluster.restart_with("store", argv=[sys.executable, "-c", "raise SystemExit(1)"])


async def test_what_is_away_comes_back_after_the_block(cluster: Cluster) -> None:
    life = cluster.running["store"]
    async with cluster.away("store"):
        await asyncio.sleep(1)
        assert not life.alive
        assert cluster.running["store"] == life
    await cluster.back("store", life)


async def test_a_frozen_database_answers_nobody_until_it_is_thawed(cluster: Cluster) -> None:
    connection = await psycopg.AsyncConnection.connect(cluster.database, autocommit=True)
    async with connection:
        cluster.freeze("postgres")
        asked = asyncio.create_task(connection.execute("select 1"))
        await asyncio.sleep(1)
        assert not asked.done()
        cluster.thaw("postgres")
        await asyncio.wait_for(asked, 10)


async def test_what_is_committed_survives_the_death_of_postgresql(cluster: Cluster) -> None:
    async with await psycopg.AsyncConnection.connect(cluster.database, autocommit=True) as connection:
        await connection.execute("create table kept (n int)")
        await connection.execute("insert into kept values (7)")
        life = cluster.running["postgres"]
        cluster.kill("postgres")
    await cluster.back("postgres", life)
    async with await psycopg.AsyncConnection.connect(cluster.database) as connection:
        assert await (await connection.execute("select n from kept")).fetchall() == [(7,)]


async def test_a_black_hole_cuts_one_pair_off_and_nothing_else(cluster: Cluster) -> None:
    hole = cluster.proxies["gateway", "store"]
    hole.black_hole(Direction.BOTH)
    async with client.http(cluster.gateways[0]) as first, client.http(cluster.gateways[1]) as second:
        asked = {"meId": "ann"}
        assert (await first.get("/messages/conversations", params=asked)).status_code == 503
        assert (await second.get("/messages/conversations", params=asked)).status_code == 200
        await hole.heal()
        async with asyncio.timeout(30):
            while (await first.get("/messages/conversations", params=asked)).status_code != 200:
                await asyncio.sleep(0.1)


def test_everything_runs_beside_this_process(cluster: Cluster) -> None:
    assert os.getpid() not in {life.pid for life in cluster.running.values()}
    assert all(life.alive for life in cluster.running.values())
