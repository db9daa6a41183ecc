"""What one message costs, counted and not timed: statements, requests and bytes, so that a change that makes
any of them worse is seen on any machine. The limits stand a little above what was counted."""

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

import pytest

from tests.chaos.cluster.cluster import Cluster, start_cluster
from tests.e2e import client, tap
from tests.e2e.client import Socket
from tests.e2e.tap import Tap

TEXT = "x" * 128
ALONE = 30
"""Messages, one after the other."""
TOGETHER = 200
"""Messages that the projector finds all at once."""


@pytest.fixture(scope="module")
async def cluster() -> AsyncIterator[Cluster]:
    async with start_cluster(gateways=1, notifiers=1, projectors=1, proxied=True) as cluster:
        yield cluster


@contextmanager
def taps(cluster: Cluster) -> Iterator[dict[str, Tap]]:
    """By route: source-target."""
    cuts = {"postgres": tap.postgres, "kafka": tap.kafka}
    with ExitStack() as stack:
        yield {
            f"{source}-{target}": stack.enter_context(tap.tapped(relay, cuts.get(target, tap.anything)))
            for (source, target), relay in cluster.relays.items()
        }


@asynccontextmanager
async def talk(cluster: Cluster, name: str) -> AsyncIterator[tuple[Socket, Socket, str]]:
    """Two sockets and their conversation, in which something was said already."""
    (gateway,) = cluster.gateways
    a, b = f"{name}-a", f"{name}-b"
    async with (
        client.http(gateway) as http,
        client.socket(gateway, a) as ann,
        client.socket(gateway, b) as bob,
    ):
        conversation = await client.start(http, a, b)
        await ann.send(type="message", conversationId=conversation, text=TEXT, clientId="first")
        await bob.expect(type="message", clientId="first")
        yield ann, bob, conversation


async def test_a_message_alone_is_one_statement_and_one_request_at_each_hop(cluster: Cluster) -> None:
    async with talk(cluster, "alone") as (ann, bob, conversation):
        with taps(cluster) as counted:
            for number in range(ALONE):
                await ann.send(type="message", conversationId=conversation, text=TEXT, clientId=f"{number}")
                await bob.expect(type="message", clientId=f"{number}")
    rows, log = counted["projector-postgres"], counted["projector-kafka"]
    few = 3  # a pulse may come between, and a statement is prepared once
    assert rows.requests["statement"] <= ALONE + few
    assert rows.requests["S"] <= ALONE + few, "round trips"
    assert counted["gateway-kafka"].requests["produce"] <= ALONE
    assert log.requests["produce"] <= ALONE + few
    assert counted["gateway-store"].requests["piece"] <= few, "whom the gateway knows it does not ask about"
    assert counted["store-postgres"].requests["statement"] <= ALONE


async def test_the_bytes_of_a_message_alone(cluster: Cluster) -> None:
    async with talk(cluster, "bytes") as (ann, bob, conversation):
        with taps(cluster) as counted:
            for number in range(ALONE):
                await ann.send(type="message", conversationId=conversation, text=TEXT, clientId=f"{number}")
                await bob.expect(type="message", clientId=f"{number}")
    assert counted["gateway-kafka"].sizes["produce"] / ALONE <= 870
    assert counted["projector-postgres"].sizes.total() / ALONE <= 1_850
    assert counted["projector-kafka"].sizes["produce"] / ALONE <= 960
    assert counted["client-gateway"].down / ALONE <= 950, "`accepted`, and `message` to both"


async def test_messages_that_come_at_once_share_statements_and_requests(cluster: Cluster) -> None:
    projector = cluster.running["projector"]
    async with talk(cluster, "together") as (ann, bob, conversation):
        projector.signal(signal.SIGSTOP)
        for number in range(TOGETHER):
            await ann.send(type="message", conversationId=conversation, text=TEXT, clientId=f"{number}")
        await ann.expect(type="accepted", clientId=f"{TOGETHER - 1}")
        with taps(cluster) as counted:
            projector.signal(signal.SIGCONT)
            await bob.expect(type="message", clientId=f"{TOGETHER - 1}", patience=30)
    rows, log = counted["projector-postgres"], counted["projector-kafka"]
    assert rows.requests["statement"] <= 8
    assert rows.sizes.total() / TOGETHER <= 800
    assert log.requests["produce"] <= 4
    assert log.sizes["produce"] / TOGETHER <= 60
    assert counted["gateway-notifier"].down / TOGETHER <= 650
