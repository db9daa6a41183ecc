"""Outages of Kafka and PostgreSQL: what does not need them continues, the rest answers 503 and recovers."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest

from deploy.local.stack.state import Stack
from tests.chaos.cluster import process_tree
from tests.conftest import StartStack
from tests.e2e import client
from tests.fixtures.platform import away


@pytest.fixture(scope="module")
def fragile(start_stack: StartStack) -> Stack:
    """A stack whose Kafka and PostgreSQL may be killed."""
    return start_stack(own_platform=True)


@pytest.fixture
async def http(fragile: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with client.http(fragile.gateways[0]) as http:
        yield http


async def _send(http: httpx.AsyncClient, user: str, conversation: str, text: str) -> httpx.Response:
    body = {"conversationId": conversation, "text": text, "clientId": text}
    return await http.post("/messages", params={"meId": user}, json=body)


async def _until_accepted(http: httpx.AsyncClient, user: str, conversation: str, text: str) -> None:
    async with asyncio.timeout(60):
        while (await _send(http, user, conversation, text)).status_code != 202:
            await asyncio.sleep(0.2)


def test_services_connect_to_the_local_database_with_roles_of_their_own(fragile: Stack) -> None:
    with psycopg.connect(fragile.database) as connection:
        rows = connection.execute(
            "select distinct usename from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and backend_type = 'client backend'"
        ).fetchall()
    users = {name for (name,) in rows}
    assert {"parley_reader", "parley_projector"} <= users
    assert "parley" not in users


async def test_without_postgresql_sends_are_accepted_and_reads_answer_when_to_retry(
    fragile: Stack, http: httpx.AsyncClient
) -> None:
    conversation = await client.start(http, "ann", "bob")
    async with client.socket(fragile.gateways[0], "bob") as bob:
        assert (await _send(http, "ann", conversation, "before")).status_code == 202
        await bob.expect(type="message", text="before")
        with away(fragile, "postgres"):
            for n in range(3):
                answer = await _send(http, "ann", conversation, f"during-{n}")
                assert answer.status_code == 202, answer.text
            strangers = await asyncio.gather(
                *(_send(http, "eve", conversation, f"let in {n}") for n in range(40))
            )
            codes = [answer.status_code for answer in strangers]
            assert set(codes) == {202, 503}
            assert codes.count(202) <= 5 + 5 * max(a.elapsed.total_seconds() for a in strangers) + 1
            began = time.monotonic()
            read = await http.get("/messages/conversations", params={"meId": "ann"})
            assert time.monotonic() - began < 5
            assert (read.status_code, read.json()["code"]) == (503, "unavailable")
            assert int(read.headers["Retry-After"]) >= 1
        for n in range(3):
            await bob.expect(patience=60, type="message", text=f"during-{n}")
    texts = [item["text"] for item in await client.history(http, "bob", conversation)]
    assert texts == ["before", "during-0", "during-1", "during-2"]


async def test_while_postgresql_is_slow_cached_members_write_on_and_the_check_stays_closed(
    fragile: Stack, http: httpx.AsyncClient
) -> None:
    async with client.socket(fragile.gateways[0], "gus") as gus:
        conversation = await client.start(http, "gus", "hob")
        await gus.expect(type="conversation")  # which makes the gateway forget what it knew of the members
    assert (await _send(http, "gus", conversation, "before")).status_code == 202
    before = await _unchecked(fragile)
    with psycopg.connect(fragile.database) as locking:
        locking.execute("lock table members in access exclusive mode")
        await _assert_closed(http, conversation)
        assert (await _send(http, "gus", conversation, "locked")).status_code == 202
        locking.rollback()
    server = fragile.reload().process("postgres")
    process_tree.pause(server.pid)
    try:
        await _assert_closed(http, conversation)
        assert (await _send(http, "gus", conversation, "frozen")).status_code == 202
    finally:
        process_tree.resume(server.pid)
    assert await _unchecked(fragile) == before
    async with asyncio.timeout(60):
        while (await _send(http, "eve", conversation, "refused")).status_code != 404:
            await asyncio.sleep(0.2)


async def _assert_closed(http: httpx.AsyncClient, conversation: str) -> None:
    sends = await asyncio.gather(
        *(_send(http, f"stranger {n}", conversation, "let in?") for n in range(10)),
        *(_send(http, "mallory", conversation, f"let in? {n}") for n in range(50)),
    )
    assert {(answer.status_code, answer.json()["code"]) for answer in sends} == {(503, "unavailable")}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in sends)


async def _unchecked(stack: Stack) -> str:
    async with client.http(stack.admin["gateway"]) as http:
        lines = (await http.get("/metrics")).text.splitlines()
    (line,) = [line for line in lines if line.startswith("gateway_unchecked_writes_total")]
    return line


async def test_without_kafka_sends_are_refused_in_time_and_sockets_stay(
    fragile: Stack, http: httpx.AsyncClient
) -> None:
    conversation = await client.start(http, "cat", "dan")
    async with (
        client.socket(fragile.gateways[0], "cat") as cat,
        client.socket(fragile.gateways[0], "dan") as dan,
    ):
        with away(fragile, "kafka"):
            for n in range(3):
                began = time.monotonic()
                refused = await _send(http, "cat", conversation, f"rest-{n}")
                assert time.monotonic() - began < 5
                assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
                assert int(refused.headers["Retry-After"]) >= 1
            await cat.send(type="message", conversationId=conversation, text="lost?", clientId="socket")
            error = await cat.expect(type="error", clientId="socket")
            assert error["code"] == "unavailable"
            listed = await http.get("/messages/conversations", params={"meId": "cat"})
            assert listed.status_code == 200
        for n in range(3):
            await _until_accepted(http, "cat", conversation, f"rest-{n}")
        await cat.send(type="message", conversationId=conversation, text="lost?", clientId="socket")
        await cat.expect(patience=60, type="accepted", clientId="socket")
        for text in ("rest-0", "rest-1", "rest-2", "lost?"):
            await dan.expect(patience=60, type="message", text=text)
        texts = sorted(frame["text"] for frame in dan.of("message"))
        assert texts == ["lost?", "rest-0", "rest-1", "rest-2"]
    assert len(await client.history(http, "dan", conversation)) == 4
