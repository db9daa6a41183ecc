"""Live notifiers over a real Kafka: whichever dies or is added, a gateway receives every entry."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Close
from websockets.typing import Origin

from shared.contract import codec, ids
from shared.kafka import Consumer, Producer, RecordPosition, partition_for
from shared.log.topics import Topics, TopicSettings, open_log
from tests.fixtures.entry_builders import sent
from tests.fixtures.notifier_processes import free_port, linked_gateway, notifier, open_link
from tests.fixtures.service_token import SERVICE_TOKEN

PARTITIONS = 4
USERS = ("alice", "bob")
BAD = [b'{"type":"chat.unknown.v1"}', b"\xff no JSON"]
CONVERSATIONS = [ids.direct_conversation_id("alice", f"friend {n}") for n in range(12)]


class Publisher:
    """Publishes entries as the message-store does."""

    def __init__(self, producer: Producer, topics: Topics) -> None:
        self._producer = producer
        self.topics = topics
        self._place = 0
        self.published: list[str] = []
        """The texts."""

    async def publish(self, count: int, audience: Sequence[str] = USERS, padding: int = 0) -> None:
        acks = []
        for _ in range(count):
            self._place += 1
            conversation = CONVERSATIONS[self._place % len(CONVERSATIONS)]
            partition = partition_for(conversation.encode(), PARTITIONS)
            text = f"message {self._place}" + padding * "."
            entry = sent(self._place, audience, text=text, conversation=conversation, partition=partition)
            acks.append(await self.put(partition, conversation.encode(), codec.encode(entry)))
            self.published.append(text)
        await asyncio.gather(*acks)

    async def put(self, partition: int, key: bytes, value: bytes) -> Awaitable[RecordPosition]:
        return await self._producer.send(self.topics.messages, partition, key, value)


@pytest.fixture
async def publisher(kafka_bootstrap: str, topic_prefix: str) -> AsyncIterator[Publisher]:
    settings = TopicSettings(
        kafka_bootstrap=kafka_bootstrap, topic_prefix=topic_prefix, partitions=PARTITIONS
    )
    await open_log(settings)
    producer = Producer(kafka_bootstrap, client_id="test")
    await producer.start()
    yield Publisher(producer, Topics.with_prefix(topic_prefix))
    await producer.stop()


@pytest.fixture
def env(kafka_bootstrap: str, topic_prefix: str, publisher: Publisher) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP": kafka_bootstrap,
        "TOPIC_PREFIX": topic_prefix,
        "SESSION_TIMEOUT": "1",
        "LOG_LEVEL": "warning",
    }


def shared_by_two(owners: dict[int, int]) -> bool:
    return len(owners) == PARTITIONS and len(set(owners.values())) == 2


async def test_two_notifiers_share_the_partitions_and_each_entry_arrives_once(
    env: dict[str, str], publisher: Publisher
) -> None:
    async with (
        notifier(env) as one,
        notifier(env) as two,
        linked_gateway(USERS, one.port, two.port) as gateway,
    ):
        await gateway.wait_until(lambda: shared_by_two(gateway.owners))
        await publisher.publish(300)
        await gateway.wait_until(lambda: len(gateway.frames) >= 300)
        assert sorted(f["text"] for f in gateway.frames) == sorted(publisher.published)
        assert (gateway.gaps, gateway.duplicates) == ([], 0)


async def test_a_notifier_that_stops_hands_its_partitions_over_without_a_gap(
    env: dict[str, str], publisher: Publisher
) -> None:
    async with (
        notifier(env) as one,
        notifier(env) as two,
        linked_gateway(USERS, one.port, two.port) as gateway,
    ):
        await gateway.wait_until(lambda: shared_by_two(gateway.owners))
        await publisher.publish(50)
        await one.end(signal.SIGTERM)
        await publisher.publish(50)
        await gateway.wait_until(lambda: len(gateway.frames) >= 100)
        assert sorted(f["text"] for f in gateway.frames) == sorted(publisher.published)
        assert gateway.gaps == []
        assert gateway.close_codes[one.port] == 1012
        assert set(gateway.owners.values()) == {two.port}


async def test_a_killed_notifier_continues_from_its_commit_without_a_gap(
    env: dict[str, str], publisher: Publisher
) -> None:
    async with notifier(env) as one, linked_gateway(USERS, one.port) as gateway:
        await gateway.wait_until(lambda: len(gateway.owners) == PARTITIONS)
        await publisher.publish(100)
        await gateway.wait_until(lambda: len(gateway.frames) == 100)
        await asyncio.sleep(1.2)  # a commit
        await publisher.publish(40)
        await gateway.wait_until(lambda: len(gateway.frames) == 140)
        await one.end(signal.SIGKILL)
        await publisher.publish(60)
        async with notifier(env, one.port):
            await gateway.connect(one.port)
            await gateway.wait_until(lambda: len(gateway.frames) == 200)
            assert sorted(f["text"] for f in gateway.frames) == sorted(publisher.published)
            assert gateway.gaps == []


async def test_a_gateway_that_was_disconnected_gets_a_replay_of_what_it_missed(
    env: dict[str, str], publisher: Publisher
) -> None:
    async with (
        notifier(env) as one,
        linked_gateway(USERS, one.port) as gateway,
        linked_gateway(USERS, one.port) as other,
    ):
        await gateway.wait_until(lambda: len(gateway.owners) == PARTITIONS)
        await publisher.publish(20)
        await gateway.wait_until(lambda: len(gateway.frames) == 20)
        await gateway.disconnect()
        known = dict(gateway.next_offsets)
        await publisher.publish(40)
        await other.wait_until(lambda: len(other.frames) == 60)
        await gateway.connect(one.port)
        gateway.next_offsets = known
        await gateway.request_replay(one.port)
        await gateway.wait_until(lambda: len(gateway.frames) == 60)
        assert sorted(f["text"] for f in gateway.frames) == sorted(publisher.published)


async def test_poison_records_become_dead_letters_and_the_rest_is_dispatched(
    env: dict[str, str], publisher: Publisher, kafka_bootstrap: str
) -> None:
    async with notifier(env) as one, linked_gateway(USERS, one.port) as gateway:
        await gateway.wait_until(lambda: len(gateway.owners) == PARTITIONS)
        await publisher.publish(10)
        for bad in BAD:
            await (await publisher.put(2, b"a key", bad))
        await publisher.publish(10)
        await gateway.wait_until(lambda: len(gateway.frames) == 20)
        assert (gateway.gaps, gateway.duplicates) == ([], 0)
        assert await _all_of(kafka_bootstrap, publisher.topics.dead_letters, 2) == BAD


async def _all_of(bootstrap: str, topic: str, count: int) -> list[bytes | None]:
    reader = Consumer(bootstrap, topic, f"{topic}-test", client_id="test")
    await reader.start()
    values: list[bytes | None] = []
    try:
        async with asyncio.timeout(10):
            while len(values) < count:
                if not values:
                    reader.seek(0, 0)
                taken = await reader.poll(10, 0.1)
                values += [record.value for record in taken.get(0, [])]
    finally:
        await reader.stop()
    return values


async def _end_of(connection: ClientConnection) -> Close | None:
    """The close frame of the other side; None when the connection was cut."""
    try:
        async with asyncio.timeout(10):
            while True:
                await connection.recv()
    except ConnectionClosed as closed:
        return closed.rcvd


@asynccontextmanager
async def unread_link(port: int, users: Sequence[str]) -> AsyncIterator[ClientConnection]:
    """A gateway that subscribes users and then reads nothing more."""
    async with open_link(port, max_queue=1) as connection:
        await connection.send(json.dumps({"type": "hello", "gateway": "slow"}))
        await connection.send(json.dumps({"type": "subscribe", "batch": 1, "users": users}))
        yield connection


async def test_a_gateway_that_does_not_read_is_cut_and_others_still_receive(
    env: dict[str, str], publisher: Publisher
) -> None:
    slow = {**env, "LINK_OUTBOX": "2000000"}
    async with (
        notifier(slow) as one,
        linked_gateway(USERS, one.port) as gateway,
        unread_link(one.port, USERS) as unread,
    ):
        await gateway.wait_until(lambda: len(gateway.owners) == PARTITIONS)
        while "notifier_links 2.0" in await one.metrics():
            await publisher.publish(100, padding=7_000)
        await gateway.wait_until(lambda: len(gateway.frames) == len(publisher.published))
        metrics = await one.metrics()
        assert "notifier_links_cut_total 1.0" in metrics
        assert gateway.gaps == []
        assert await _end_of(unread) is None


HELLO = '{"type":"hello","gateway":"g"}'
BREACHES: list[list[str | bytes]] = [
    ["{"],
    ['{"type":"subscribe","batch":1,"users":[]}'],
    [HELLO, HELLO],
    [HELLO, '{"type":"subscribe","batch":0,"users":[]}'],
    [HELLO, b"\x00"],
    ['{"type":"hello","gateway":"' + "g" * 3_000_000 + '"}'],
    [HELLO, '{"type":"subscribe","batch":100000000000000000000000,"users":[]}'],
    [HELLO, json.dumps({"type": "subscribe", "batch": 1, "users": [str(n) for n in range(150_000)]})],
]


async def test_a_gateway_that_breaks_the_protocol_is_closed_and_others_still_receive(
    env: dict[str, str], publisher: Publisher
) -> None:
    async with notifier(env) as one, linked_gateway(USERS, one.port) as gateway:
        await gateway.wait_until(lambda: len(gateway.owners) == PARTITIONS)
        for texts in BREACHES:
            async with open_link(one.port) as bad:
                for text in texts:
                    await bad.send(text)
                closed = await _end_of(bad)
            assert closed is not None
            assert closed.code == 1008
            assert closed.reason
        assert (await one.get("/readyz")).status_code == 200
        await publisher.publish(3)
        await gateway.wait_until(lambda: len(gateway.frames) == 3)


async def test_many_links_that_send_far_too_many_names_cost_the_notifier_nothing(
    env: dict[str, str], publisher: Publisher
) -> None:
    names = json.dumps({"type": "subscribe", "batch": 1, "users": [f"user-{n}" for n in range(150_000)]})

    async def break_the_protocol(port: int) -> int | None:
        async with open_link(port) as bad:
            await bad.send(HELLO)
            await bad.send(names)
            closed = await _end_of(bad)
            return None if closed is None else closed.code

    async with notifier(env) as one, linked_gateway(USERS, one.port) as gateway:
        await gateway.wait_until(lambda: len(gateway.owners) == PARTITIONS)
        breaking = [asyncio.create_task(break_the_protocol(one.port)) for _ in range(12)]
        assert (await one.get("/readyz")).status_code == 200
        assert await asyncio.gather(*breaking) == [1008] * 12
        assert (await one.get("/readyz")).status_code == 200
        await publisher.publish(3)
        await gateway.wait_until(lambda: len(gateway.frames) == 3)
        assert gateway.close_codes == {}, "it was not cut"
        assert gateway.gaps == []


async def test_a_page_in_a_browser_gets_no_link(env: dict[str, str]) -> None:
    async with notifier(env) as one:
        with pytest.raises(InvalidStatus) as refused:
            await open_link(one.port, origin=Origin("http://127.0.0.1:8000"))
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer another-token-of-others", SERVICE_TOKEN])
async def test_without_the_token_of_the_services_there_is_no_link(
    env: dict[str, str], token: str | None
) -> None:
    async with notifier(env) as one:
        with pytest.raises(InvalidStatus) as refused:
            await connect(
                f"ws://127.0.0.1:{one.port}/link",
                additional_headers={} if token is None else {"Authorization": token},
            )
        assert refused.value.response.status_code == 401
        for path in ("/docs", "/redoc", "/openapi.json"):
            assert (await one.get(path)).status_code == 401


async def test_bad_settings_end_it_with_one_line() -> None:
    bad = {**os.environ, "SESSION_TIMEOUT": "soon", "PORT": "-1", "SERVICE_TOKEN": ""}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "notifier", "live"), env=bad, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 2
    assert out == b""
    assert len(err.splitlines()) == 1
    assert b"PORT" in err
    assert b"SESSION_TIMEOUT" in err
    assert b"SERVICE_TOKEN" in err


async def test_without_kafka_it_is_alive_not_ready_and_stops_at_once() -> None:
    nowhere = {"KAFKA_BOOTSTRAP": f"127.0.0.1:{free_port()}", "LOG_LEVEL": "error"}
    async with notifier(nowhere) as one:
        assert (await one.get("/readyz")).status_code == 503
        async with asyncio.timeout(5):
            await one.end()


async def test_a_standby_without_partitions_is_ready_and_takes_over(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    settings = TopicSettings(kafka_bootstrap=kafka_bootstrap, topic_prefix=topic_prefix, partitions=1)
    await open_log(settings)
    alone = {"KAFKA_BOOTSTRAP": kafka_bootstrap, "TOPIC_PREFIX": topic_prefix, "LOG_LEVEL": "error"}
    async with (
        notifier(alone) as one,
        notifier(alone) as two,
        linked_gateway(USERS, one.port, two.port) as gateway,
    ):
        await asyncio.gather(one.wait_until_ok("/readyz"), two.wait_until_ok("/readyz"))
        await gateway.wait_until(lambda: len(gateway.owners) == 1)
        (owner,) = gateway.owners.values()
        first, second = (one, two) if owner == one.port else (two, one)
        await first.end()
        await gateway.wait_until(lambda: gateway.owners == {0: second.port})
        await second.wait_until_ok("/readyz")
