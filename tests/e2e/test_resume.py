"""Reconnecting with a cursor: everything missed is sent once, before anything live."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from deploy.local.stack.state import Stack
from shared.log.topics import Topics
from tests.conftest import StartStack
from tests.e2e import client
from tests.fixtures.platform import away


@pytest.fixture(scope="module")
def two(start_stack: StartStack) -> Stack:
    return start_stack(gateways=2)


@pytest.fixture
async def http(two: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with client.http(two.gateways[0]) as http:
        yield http


async def _send(http: httpx.AsyncClient, user: str, conversation: str, text: str) -> str:
    body = {"conversationId": conversation, "text": text}
    answer = await http.post("/messages", params={"meId": user}, json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["position"])


async def _sync(http: httpx.AsyncClient, user: str, **query: Any) -> Any:
    answer = await http.get("/messages/sync", params={"meId": user} | query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_snapshot_and_what_came_after_its_cursor_are_what_is_there_now(
    http: httpx.AsyncClient,
) -> None:
    conversation = await client.start(http, "amy", "ben")
    await _send(http, "amy", conversation, "in the snapshot")
    listed = (await http.get("/messages/conversations", params={"meId": "ben"})).json()
    at = listed["cursor"]
    for n in range(7):
        position = await _send(http, "amy", conversation, str(n))
    entries: list[client.Frame] = []
    while True:
        page = await _sync(http, "ben", cursor=at, limit=3, position=position)
        assert len(page["entries"]) <= 3
        entries, at = entries + page["entries"], page["cursor"]
        if not page["hasMore"]:
            break
    items = await client.history(http, "ben", conversation, position=position)
    before = listed["items"][0]["lastSeq"]
    assert entries == [{"type": "message"} | item for item in items if item["seq"] > before]
    assert (await _sync(http, "ben", cursor=at))["entries"] == []


async def test_a_client_that_reconnects_at_any_moment_misses_nothing_and_gets_nothing_twice(
    two: Stack, http: httpx.AsyncClient
) -> None:
    """The client disconnects again and again while messages arrive, and continues on either gateway."""
    dice = random.Random(3)
    conversation = await client.start(http, "cleo", "dora")
    async with client.socket(two.gateways[0], "dora") as first:
        at = first.of("synced")[0]["cursor"]

    async def talk() -> None:
        for n in range(300):
            await _send(http, "cleo", conversation, str(n))
            await asyncio.sleep(0.01)

    talking = asyncio.create_task(talk())
    seen: list[int] = []
    while len(seen) < 300:
        async with client.socket(dice.choice(two.gateways), "dora", query=f"&cursor={at}") as socket:
            assert socket.frames[0]["cursor"] == at
            await asyncio.sleep(dice.random() * 0.6)
            frames = list(socket.frames)
        cursors = [n for n, frame in enumerate(frames) if frame["type"] in ("synced", "cursor")]
        at = frames[cursors[-1]]["cursor"]
        seen += [frame["seq"] for frame in frames[: cursors[-1]] if frame["type"] == "message"]
    await talking
    assert seen == list(range(1, 301))


async def test_a_long_absence_comes_in_pages_before_what_is_live(two: Stack, http: httpx.AsyncClient) -> None:
    conversation = await client.start(http, "eli", "fay")
    async with client.socket(two.gateways[0], "fay") as first:
        at = first.of("synced")[0]["cursor"]
    async with client.socket(two.gateways[0], "eli") as eli:
        for n in range(1_500):
            await eli.send(type="message", conversationId=conversation, text=str(n))
        async with asyncio.timeout(60):
            while len(eli.of("accepted")) < 1_500:
                await asyncio.sleep(0.1)
        async with client.socket(two.gateways[1], "fay", query=f"&cursor={at}") as fay:
            await eli.send(type="message", conversationId=conversation, text="live")
            await fay.expect(patience=60, type="message", text="live")
            assert [frame["seq"] for frame in fay.of("message")] == list(range(1, 1_502))


async def test_messages_sent_while_catching_up_are_accepted(two: Stack, http: httpx.AsyncClient) -> None:
    conversation = await client.start(http, "gus", "hal")
    async with client.socket(two.gateways[0], "hal") as first:
        at = first.of("synced")[0]["cursor"]
    for n in range(50):
        await _send(http, "gus", conversation, str(n))
    async with client.socket(two.gateways[0], "hal", query=f"&cursor={at}") as hal:
        await hal.send(type="message", conversationId=conversation, text="back", clientId="1")
        await hal.expect(type="accepted", clientId="1")
        await hal.expect(type="message", text="back")
        assert [frame["seq"] for frame in hal.of("message")] == list(range(1, 52))


@pytest.mark.parametrize(
    ("origin", "kind"), [("garbage", "error"), ("another", "reset"), ("future", "reset")]
)
async def test_an_unusable_cursor_is_reported_and_the_socket_is_live(
    two: Stack, http: httpx.AsyncClient, origin: str, kind: str
) -> None:
    from shared.contract import cursor

    conversation = await client.start(http, "ida", "jon")
    own = cursor.decode((await _sync(http, "jon"))["cursor"])
    text = {
        "garbage": "x" * 50,
        "another": (await _sync(http, "ida"))["cursor"],
        "future": cursor.encode(own.epoch, "jon", [at + 10_000 for at in own.offsets]),
    }[origin]
    async with client.socket(two.gateways[0], "jon", query=f"&cursor={text}") as jon:
        assert [frame["type"] for frame in jon.frames[:3]] == ["hello", kind, "synced"]
        await _send(http, "ida", conversation, "still here")
        await jon.expect(type="message", text="still here")
    answer = await http.get("/messages/sync", params={"meId": "jon", "cursor": text})
    assert answer.status_code == (422 if origin == "garbage" else 410), answer.text


async def test_a_notifier_that_dies_costs_a_pause_and_nothing_else(
    two: Stack, http: httpx.AsyncClient
) -> None:
    conversation = await client.start(http, "kim", "lou")
    async with client.socket(two.gateways[0], "lou") as lou:
        await _send(http, "kim", conversation, "before")
        await lou.expect(type="message", text="before")
        with away(two, "notifier"):
            await _send(http, "kim", conversation, "while away")
        await _send(http, "kim", conversation, "after")
        await lou.expect(patience=30, type="message", text="after")
        assert [frame["text"] for frame in lou.of("message")] == ["before", "while away", "after"]


async def test_entries_that_no_notifier_can_replay_come_from_the_store_and_the_socket_stays(
    start_stack: StartStack, topic_prefix: str
) -> None:
    """While the only notifier is away, Kafka deletes the records that it would have dispatched."""
    alone = start_stack(env={"TOPIC_PREFIX": topic_prefix})
    async with client.http(alone.gateways[0]) as http:
        conversation = await client.start(http, "mia", "ned")
        async with client.socket(alone.gateways[0], "ned") as ned:
            await _send(http, "mia", conversation, "before")
            await ned.expect(type="message", text="before")
            with away(alone, "notifier"):
                position = await _send(http, "mia", conversation, "while away")
                await client.history(http, "mia", conversation, position=position)
                await _drop_records(alone.kafka, Topics.with_prefix(topic_prefix).messages)
            await ned.expect(patience=30, type="message", text="while away")
            await _send(http, "mia", conversation, "after")
            await ned.expect(patience=30, type="message", text="after")
            assert [frame["text"] for frame in ned.of("message")] == ["before", "while away", "after"]
    async with client.http(alone.admin["gateway"]) as http:
        assert "gateway_link_gaps_total 1.0" in (await http.get("/metrics")).text


async def _drop_records(kafka: str, topic: str) -> None:
    """Delete every record once the last entry is published."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await asyncio.sleep(0.5)  # entries are published right after they are stored
        everything = {TopicPartition(topic, partition): RecordsToDelete(-1) for partition in range(12)}
        await admin.delete_records(everything)
    finally:
        await admin.close()
