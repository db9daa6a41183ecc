"""What a test does to a process of a cluster happens to that process, and the process comes back."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import psutil
import psycopg
import pytest

from tests.chaos.cluster.cluster import Cluster, start_cluster
from tests.chaos.proxy.tcp_relay import Direction
from tests.e2e import client


@pytest.fixture(scope="module")
async def cluster() -> AsyncIterator[Cluster]:
    async with start_cluster(env={"gateway-2": {"HEARTBEAT_SECONDS": "3"}}, proxied=True) as cluster:
        yield cluster


def _environment(cluster: Cluster, name: str) -> dict[str, str]:
    return psutil.Process(cluster.running[name].pid).environ()


async def _deliver_message(cluster: Cluster, text: str) -> None:
    """Send through one gateway and receive through the other."""
    async with client.http(cluster.gateways[0]) as http, client.socket(cluster.gateways[1], "bob") as bob:
        conversation = await client.start(http, "ann", "bob")
        await http.post(
            "/messages", params={"meId": "ann"}, json={"conversationId": conversation, "text": text}
        )
        await bob.expect(type="message", text=text)


async def test_a_message_goes_through_the_relays_between_all_processes(cluster: Cluster) -> None:
    await _deliver_message(cluster, "through")
    used = {route for route, relay in cluster.relays.items() if relay.connections}
    assert used >= {route for route in cluster.relays if route[0] != "client"}
    assert len(cluster.relays) == 17


async def test_each_process_has_the_environment_given_for_it(cluster: Cluster) -> None:
    assert _environment(cluster, "gateway-2")["HEARTBEAT_SECONDS"] == "3"
    assert "HEARTBEAT_SECONDS" not in _environment(cluster, "gateway")


async def test_overrides_apply_to_one_start_only(cluster: Cluster) -> None:
    await cluster.restart("projector-2", env={"FAILPOINT": "none:7"})
    assert _environment(cluster, "projector-2")["FAILPOINT"] == "none:7"
    before = cluster.running["projector-2"]
    cluster.kill("projector-2")
    await cluster.wait_restarted("projector-2", before)
    assert "FAILPOINT" not in _environment(cluster, "projector-2")
    await _deliver_message(cluster, "after restarts")


async def test_an_overridden_process_that_exits_at_once_is_not_taken_for_a_ready_one(
    cluster: Cluster,
) -> None:
    with pytest.raises(RuntimeError, match="store exited before it was ready"):
        await cluster.restart("store", argv=[sys.executable, "-c", "raise SystemExit(1)"])


async def test_a_process_that_is_kept_down_comes_back_after_the_block(cluster: Cluster) -> None:
    before = cluster.running["store"]
    async with cluster.keep_down("store"):
        await asyncio.sleep(1)
        assert not before.is_running
        assert cluster.running["store"] == before
    await cluster.wait_restarted("store", before)


async def test_a_paused_database_answers_no_query_until_it_is_resumed(cluster: Cluster) -> None:
    connection = await psycopg.AsyncConnection.connect(cluster.database, autocommit=True)
    async with connection:
        cluster.pause("postgres")
        query = asyncio.create_task(connection.execute("select 1"))
        await asyncio.sleep(1)
        assert not query.done()
        cluster.resume("postgres")
        await asyncio.wait_for(query, 10)


async def test_a_committed_row_survives_kill_9_of_postgresql(cluster: Cluster) -> None:
    async with await psycopg.AsyncConnection.connect(cluster.database, autocommit=True) as connection:
        await connection.execute("create table kept (n int)")
        await connection.execute("insert into kept values (7)")
        before = cluster.running["postgres"]
        cluster.kill("postgres")
    await cluster.wait_restarted("postgres", before)
    async with await psycopg.AsyncConnection.connect(cluster.database) as connection:
        assert await (await connection.execute("select n from kept")).fetchall() == [(7,)]


async def test_a_black_hole_cuts_off_one_pair_of_processes_only(cluster: Cluster) -> None:
    relay = cluster.relays["gateway", "store"]
    relay.black_hole(Direction.BOTH)
    async with client.http(cluster.gateways[0]) as first, client.http(cluster.gateways[1]) as second:
        params = {"meId": "ann"}
        assert (await first.get("/messages/conversations", params=params)).status_code == 503
        assert (await second.get("/messages/conversations", params=params)).status_code == 200
        await relay.heal()
        async with asyncio.timeout(30):
            while (await first.get("/messages/conversations", params=params)).status_code != 200:
                await asyncio.sleep(0.1)


def test_every_process_runs_beside_the_test_s_own(cluster: Cluster) -> None:
    assert os.getpid() not in {process.pid for process in cluster.running.values()}
    assert all(process.is_running for process in cluster.running.values())
