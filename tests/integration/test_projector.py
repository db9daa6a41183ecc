"""The projector as a real process between a real log and a real database, killed, frozen and cut off."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from message_store.projector.projector import Projector
from message_store.projector.publisher import Publisher
from message_store.storage.postgres import PostgresStore
from shared.contract import codec, ids
from shared.contract.events import Event
from shared.kafka import BatchResult, Consumer, OutgoingRecord, RecordPosition, Unconfirmed
from shared.kafka.types import Headers, ProducerPort
from shared.log.dead_letters import DeadLetters
from shared.log.log_epoch import LogIdentity
from tests.fixtures import builders
from tests.integration.projection import PARTITIONS, World, in_order, world

USERS = ["ann", "bob", "cat"]
GROUPS = [ids.group_conversation_id("ann", str(n)) for n in range(6)]


@pytest.fixture
async def real(
    kafka_bootstrap: str, database_url: str, topic_prefix: str, tmp_path: Path
) -> AsyncIterator[World]:
    async with world(kafka_bootstrap, database_url, topic_prefix, tmp_path) as real:
        yield real


def groups() -> list[Event]:
    return [builders.started(group, USERS) for group in GROUPS]


def messages(count: int, named: str) -> list[Event]:
    """Build messages, each sent twice."""
    return [
        builders.sent(GROUPS[n % 6], USERS[n % 3], client_id=f"{named}-{n}")
        for n in range(count)
        for _ in range(2)
    ]


async def holds(real: World, expected: int) -> None:
    """Assert `expected` messages in all: none lost, none doubled, one order everywhere."""
    await real.caught_up()
    rows = real.sql("select conversation_id::text, seq, id::text from messages order by 1, 2")
    assert len({identity for *_, identity in rows}) == len(rows) == expected
    for group in GROUPS:
        own = [seq for conversation, seq, _ in rows if conversation == group]
        assert own == list(range(1, len(own) + 1))
    journal = real.sql(
        """select partition, array_agg("offset" order by "offset") from journal
           where outcome in ('entry', 'rejected') group by 1"""
    )
    assert {p: in_order(entries) for p, entries in (await real.published()).items()} == dict(journal)


@pytest.mark.parametrize(
    "place",
    [
        "projector.loaded:2",
        "projector.committed:2",
        "publisher.confirmed:2",
    ],
)
async def test_a_projector_killed_between_two_steps_resumes_without_loss_or_duplicates(
    real: World, place: str
) -> None:
    await real.happen(groups())
    rounds = 0
    async with real.projector(FAILPOINT=place) as doomed, asyncio.timeout(60):
        while doomed.returncode is None:  # what comes before it has started is one batch
            await real.happen(messages(10, f"while-{rounds}"))
            rounds += 1
            await asyncio.sleep(0.1)
        assert doomed.returncode == -signal.SIGKILL
    async with real.projector():
        await real.happen(messages(10, "after"))
        await holds(real, rounds * 10 + 10)
    assert await real.read(real.topics.dead_letters) == {}


class Flaky:
    """A producer whose k-th batch is not confirmed, though it may have landed."""

    def __init__(self, real: ProducerPort, k: int, lands: bool) -> None:
        self._real = real
        self.left = k
        self._lands = lands
        self.is_ready = True

    async def send(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> Awaitable[RecordPosition]:
        return await self._real.send(topic, partition, key, value, headers)

    async def append_batch(
        self, topic: str, partition: int, records: Iterable[OutgoingRecord]
    ) -> BatchResult:
        self.left -= 1
        if self.left == 0:
            if self._lands:
                await self._real.append_batch(topic, partition, records)
            raise Unconfirmed("as planned")
        return await self._real.append_batch(topic, partition, records)


@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize("k", [1, 2, 4])
async def test_a_publish_that_times_out_leaves_order_and_completeness(
    real: World, k: int, lands: bool
) -> None:
    flaky = Flaky(real.producer, k, lands)
    async with _projecting(real, flaky):
        await real.happen(groups())
        rounds = 0
        while flaky.left > 0 or rounds < 4:
            await real.happen(messages(10, f"batch-{rounds}"))
            await asyncio.sleep(0.1)
            rounds += 1
        await holds(real, 10 * rounds)
        async with asyncio.timeout(10):  # what landed unconfirmed is published again, a moment later
            while lands and not await repeated(real):
                await asyncio.sleep(0.05)
    assert await repeated(real) == lands
    await holds(real, 10 * rounds)


async def repeated(real: World) -> bool:
    """Return whether an entry was published more than once."""
    return any(
        n > 1
        for entries in (await real.published()).values()
        for n in Counter(e.id for e in entries).values()
    )


@asynccontextmanager
async def _projecting(real: World, producer: ProducerPort) -> AsyncIterator[None]:
    """A projector in this process, with another producer."""
    topics = real.topics
    consumer = Consumer(real.bootstrap, topics.events, real.prefix + "g", client_id="test")
    store = PostgresStore(real.database_url)
    publisher = Publisher(producer, topics.messages, epoch=real.epoch, source="test")
    identity = LogIdentity(real.epoch, PARTITIONS)
    buried = DeadLetters(producer, topics.dead_letters, "test")
    projector = Projector(consumer, store, publisher, buried, identity, topics.events)
    await consumer.start()
    running = [asyncio.create_task(publisher.run()), asyncio.create_task(projector.run())]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await consumer.stop()
        await store.close()


async def test_of_two_projectors_one_frozen_in_the_middle_of_a_batch_doubles_nothing(real: World) -> None:
    """The next owner must not wait for the frozen one."""
    await real.happen(groups())
    before = 0
    async with real.projector(FAILPOINT="projector.loaded:2:stop") as frozen:
        async with asyncio.timeout(20):
            while not stopped(frozen.pid):
                await real.happen(messages(10, f"before-{before}"))
                before += 10
                await asyncio.sleep(0.3)
        async with real.projector():
            await real.happen(messages(30, "frozen"))
            await real.caught_up()
            frozen.send_signal(signal.SIGCONT)
            for n in range(5):
                await real.happen(messages(10, f"thawed-{n}"))
                await asyncio.sleep(0.2)
            await holds(real, before + 80)
    assert await real.read(real.topics.dead_letters) == {}


def stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


async def test_a_projector_that_ends_in_order_leaves_nothing_to_be_published_again(real: World) -> None:
    await real.happen(groups() + messages(50, "one"))
    async with real.projector() as first:
        await real.caught_up()
        first.send_signal(signal.SIGTERM)
        await asyncio.wait_for(first.wait(), 10)
    assert real.sql("select count(*) from progress where published < next_offset") == [(0,)]
    async with real.projector():
        await real.happen(messages(5, "two"))
        await holds(real, 55)
    assert all(
        n == 1
        for entries in (await real.published()).values()
        for n in Counter(e.id for e in entries).values()
    )


def _unwritable(group: str) -> Event:
    """Well-formed, but not a valid text in PostgreSQL: only the database rejects it."""
    stranger = builders.read(group, "stranger", 1)
    return stranger.model_copy(update={"id": "id\0"})


async def test_bad_records_in_a_batch_of_500_leave_499_applied_and_themselves_in_the_dead_letters(
    real: World,
) -> None:
    group = GROUPS[0]
    partition = builders.partition_of(group, PARTITIONS)
    await real.happen([builders.started(group, USERS)])
    await real.happen([builders.sent(group, "ann", str(n)) for n in range(250)])
    await real.happen([_unwritable(group)])
    await real.happen([builders.sent(group, "bob", str(n)) for n in range(249)])
    async with real.projector():
        await holds(real, 499)
    (dead,) = (await real.read(real.topics.dead_letters))[0]
    headers = {name: value.decode() for name, value in dead.headers}
    assert (headers["partition"], headers["offset"]) == (str(partition), "252")
    assert headers["topic"] == real.topics.events
    assert b"stranger" in dead.value
    assert dead.key == group.encode()
    assert real.sql("""select outcome, reason from journal where "offset" = 252""") == [
        ("skipped", "dead_lettered")
    ]


async def test_what_is_no_event_goes_to_the_dead_letters_and_good_ones_pass(real: World) -> None:
    group = GROUPS[0]
    key, partition = group.encode(), builders.partition_of(group, PARTITIONS)
    good = builders.sent(group, "ann")
    bad: list[tuple[int, bytes | None, bytes | None]] = [
        (partition, key, b"{"),
        (partition, key, None),
        (partition, key, b"\xff\xfe"),
        (partition, key, b"[" * 100_000),
        (partition, key, b'{"type":"chat.unknown.v1"}'),
        (partition, key, b"x" * 1_000_000),
        (partition, b"another key", good.model_dump_json().encode()),
        ((partition + 1) % PARTITIONS, key, good.model_dump_json().encode()),
        (partition, None, builders.opened(PARTITIONS).model_dump_json().encode()),
    ]
    await real.happen([builders.started(group, USERS)])
    for place, of, value in bad:
        await real.put(place, of, value)
        await real.happen([builders.sent(group, "ann")])
    async with real.projector():
        await holds(real, len(bad))
    dead = (await real.read(real.topics.dead_letters))[0]
    assert sorted((d.key or b"", d.value or b"") for d in dead) == sorted(
        (k or b"", v or b"") for _, k, v in bad
    )


async def test_an_event_of_an_unknown_type_stops_its_partition_and_no_other(real: World) -> None:
    stopped_group = GROUPS[0]
    stopped = builders.partition_of(stopped_group, PARTITIONS)
    other = next(group for group in GROUPS if builders.partition_of(group, PARTITIONS) != stopped)
    newer = codec.encode(builders.sent(stopped_group, "ann")).replace(b"sent.v1", b"sent.v2")
    await real.happen(groups())
    await real.put(stopped, stopped_group.encode(), newer)
    await real.happen([builders.sent(stopped_group, "ann"), builders.sent(other, "ann")])
    async with real.projector():
        async with asyncio.timeout(30):
            while "projector.unknown_event_type" not in real.output() or not real.sql("select from messages"):
                await asyncio.sleep(0.05)
    assert real.sql("select conversation_id::text from messages") == [(other,)]
    assert await real.read(real.topics.dead_letters) == {}


async def test_a_record_too_large_for_the_dead_letters_is_cut_and_good_ones_pass(real: World) -> None:
    """Compressed, it fitted into the log."""
    group, bomb = GROUPS[0], b"[" * 5 * 1024 * 1024
    key, partition = group.encode(), builders.partition_of(group, PARTITIONS)
    await real.happen([builders.started(group, USERS), builders.sent(group, "ann")])
    most = 8 * 1024 * 1024
    async with AIOKafkaProducer(
        bootstrap_servers=real.bootstrap, compression_type="gzip", max_request_size=most, max_batch_size=most
    ) as producer:
        await producer.send_and_wait(real.topics.events, bomb, key, partition)
    await real.happen([builders.sent(group, "ann")])
    async with real.projector():
        await holds(real, 2)
    (dead,) = (await real.read(real.topics.dead_letters))[0]
    assert (dead.key, dead.value) == (key, bomb[: len(dead.value)])
    assert dict(dead.headers)["cut-from"] == str(len(bomb)).encode()


async def test_a_log_with_another_epoch_is_refused_with_a_clear_message(real: World) -> None:
    store = PostgresStore(real.database_url)
    await store.claim(LogIdentity("f" * 16, PARTITIONS), [0])
    await store.close()
    async with real.projector() as refused:
        assert await asyncio.wait_for(refused.wait(), 20) == 1
    assert f"was projected from log {'f' * 16}" in real.output()
    assert real.epoch in real.output()
    assert "Traceback" not in real.output()
    assert real.sql("select count(*) from journal") == [(0,)]


async def test_a_log_that_ends_before_the_database_is_refused(real: World) -> None:
    async with real.projector():
        await real.caught_up()
    real.execute("update progress set next_offset = 1000 where partition = 0")
    async with real.projector() as refused:
        assert await asyncio.wait_for(refused.wait(), 20) == 1
    assert "the log lost records" in real.output()
    assert "Traceback" not in real.output()


async def test_a_log_whose_last_applied_record_is_another_is_refused(real: World) -> None:
    await real.happen(groups())
    async with real.projector():
        await real.caught_up()
    real.execute("update progress set last_id = 'another'")
    async with real.projector() as refused:
        assert await asyncio.wait_for(refused.wait(), 20) == 1
    assert "do not belong together" in real.output()
    assert "Traceback" not in real.output()


async def test_a_database_that_restarts_is_waited_for(real: World) -> None:
    """Its connections are cut again and again while events happen."""
    await real.happen(groups())
    cut = 0
    async with real.projector():
        await real.caught_up()
        for n in range(10):
            await real.happen(messages(10, f"cut-{n}"))
            cut += len(
                real.sql(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid()"
                )
            )
            await asyncio.sleep(0.3)
        await holds(real, 100)
    assert cut >= 5
    assert "projector.interrupted" in real.output()
    assert await real.read(real.topics.dead_letters) == {}
