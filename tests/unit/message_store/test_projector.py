"""The projector over log and store in memory: what group, database and broker may do to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from message_store.intake import Taken
from message_store.memory import MemoryStore, Tables
from message_store.projector import Projector
from message_store.publisher import Publisher
from message_store.rows import Changes
from message_store.store import Known, Progress, WrongLog
from message_store.tenure import Tenure
from shared import codec, ids
from shared.codec import Undecodable
from shared.dead_letters import DeadLetters
from shared.events import Event
from shared.kafka import Appendable, Appended, Place, Record, Unconfirmed
from shared.kafka.memory import MemoryConsumer, MemoryLog, MemoryProducer
from shared.kafka.types import Headers
from shared.log_identity import LogIdentity
from tests import builders

IDENTITY = LogIdentity(builders.EPOCH, 1)
GROUP = ids.group_conversation_id("ann", "g")


class Broker(MemoryProducer):
    """Confirms nothing while `deaf`."""

    deaf = False
    unconfirmed_sends = 0

    async def append_batch(self, topic: str, partition: int, records: Iterable[Appendable]) -> Appended:
        if self.deaf:
            raise Unconfirmed("deaf")
        return await super().append_batch(topic, partition, records)

    async def send(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> Awaitable[Place]:
        if self.unconfirmed_sends:
            self.unconfirmed_sends -= 1
            return _refused()
        return await super().send(topic, partition, key, value, headers)


async def _refused() -> Place:
    raise Unconfirmed("not landed")


class World:
    """One log, one database, and any number of projectors between them."""

    def __init__(self) -> None:
        self.log = MemoryLog(1)
        self.tables = Tables()
        self.broker = Broker(self.log)
        self.publishing: list[asyncio.Task[None]] = []

    def happen(self, *events: Event) -> None:
        for event in events:
            self.log.append("events", 0, builders.key_of(event), codec.encode(event))

    def projector(
        self, store: MemoryStore | None = None, consumer: MemoryConsumer | None = None
    ) -> tuple[Projector, MemoryConsumer]:
        consumer = consumer or MemoryConsumer(self.log, "events")
        publisher = Publisher(self.broker, "messages", epoch=builders.EPOCH, source="test")
        self.publishing.append(asyncio.create_task(publisher.run()))
        buried = DeadLetters(self.broker, "dead", "test")
        store = store or MemoryStore(self.tables)
        return Projector(consumer, store, publisher, buried, IDENTITY, "events"), consumer

    @property
    def seqs(self) -> list[int]:
        return sorted(message.seq for message in self.tables.messages.values())

    @property
    def told(self) -> list[int]:
        """Offsets, at their first telling."""
        told = [codec.decode_entry(record.value).id for record in self.log.topics["messages"][0]]
        return [int(identity.split("-")[2]) for identity in dict.fromkeys(told)]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    made.happen(builders.opened(), builders.started(GROUP, ["ann"]))
    yield made
    for task in made.publishing:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _run(projector: Projector, steps: int = 1) -> None:
    for _ in range(steps):
        await projector.step(wait=0)
    await asyncio.sleep(0.1)


async def test_a_partition_claimed_by_who_lost_it_already_is_claimed_back(world: World) -> None:
    """Its claim was slow, and came after ours; the group will not say anything again."""
    projector, _ = world.projector()
    await _run(projector)
    await MemoryStore(world.tables).claim(IDENTITY, [0])
    world.happen(builders.sent(GROUP, "ann"))
    await _run(projector, steps=3)
    assert world.seqs == [1]
    assert world.told == [1, 2]


async def test_what_is_assigned_during_a_claim_is_claimed_before_any_wait(world: World) -> None:
    class Slow(MemoryStore):
        """The group gives the partitions out anew while this one claims them for the first time."""

        async def claim(self, identity: LogIdentity, partitions: Sequence[int]) -> dict[int, Progress]:
            if consumer.revision == 1:
                consumer.assigned([0])
            return await super().claim(identity, partitions)

    projector, consumer = world.projector(Slow(world.tables))
    await projector.tenure.establish()
    assert projector.tenure.current


async def test_what_was_cached_before_another_had_the_partition_is_forgotten(world: World) -> None:
    first, consumer = world.projector()
    second, _ = world.projector()
    world.happen(builders.sent(GROUP, "ann"))
    await _run(first)
    world.happen(builders.sent(GROUP, "ann"))
    await _run(second)
    world.happen(builders.sent(GROUP, "ann"))
    consumer.revision += 1
    await _run(first, steps=2)
    assert world.seqs == [1, 2, 3]
    assert world.log.topics["dead"] == [[]]
    assert world.told == [1, 2, 3, 4]


async def test_what_several_commits_left_untold_is_told_by_the_next_projector(world: World) -> None:
    """The first one's publisher got nothing through, and then its machine was gone."""
    world.broker.deaf = True
    first, _ = world.projector()
    for _ in range(4):
        world.happen(builders.sent(GROUP, "ann"))
        await _run(first)
    world.publishing.pop().cancel()
    world.broker.deaf = False
    second, _ = world.projector()
    world.happen(builders.sent(GROUP, "ann"))
    await _run(second, steps=2)
    assert world.told == [1, 2, 3, 4, 5, 6]


async def test_a_projector_that_ends_while_it_tells_waits_for_that_and_no_longer(world: World) -> None:
    """Its publisher was stopped in the middle of a round, and goes on from there."""
    projector, _ = world.projector()
    world.broker.deaf = True
    await _run(projector)
    world.publishing[0].cancel()
    world.broker.deaf = False
    world.publishing.append(asyncio.create_task(projector._publisher.run()))
    await projector.settle()
    assert world.told == [1]


async def test_a_partition_with_too_much_untold_stops_folding_until_it_is_told(world: World) -> None:
    world.broker.deaf = True
    projector, _ = world.projector()
    projector.tenure.unpublished = 4_500  # some nine of its entries
    for _ in range(5):
        world.happen(*(builders.sent(GROUP, "ann") for _ in range(6)))
        await _run(projector)
    assert len(world.seqs) == 12
    world.broker.deaf = False
    await asyncio.sleep(0.2)
    await _run(projector, steps=2)
    assert len(world.seqs) == 30


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("message_store.projector.BATCH", 2)


@pytest.mark.usefixtures("small_batches")
async def test_the_next_batch_is_read_while_a_full_one_is_written(world: World) -> None:
    class Patient(MemoryStore):
        """Writes nothing before the first four records are read."""

        async def commit(self, changes: Changes) -> Known:
            async with asyncio.timeout(1):
                while consumer._next[0] < 4:
                    await asyncio.sleep(0)
            return await super().commit(changes)

    world.happen(*(builders.sent(GROUP, "ann") for _ in range(4)))
    projector, consumer = world.projector(Patient(world.tables))
    await _run(projector, steps=3)
    assert world.seqs == [1, 2, 3, 4]


@pytest.mark.usefixtures("small_batches")
async def test_what_was_read_ahead_is_forgotten_by_who_begins_anew(world: World) -> None:
    first, consumer = world.projector()
    second, _ = world.projector()
    world.happen(*(builders.sent(GROUP, "ann") for _ in range(4)))
    await _run(first)
    await _run(second, steps=3)
    consumer.revision += 1
    world.happen(builders.sent(GROUP, "ann"))
    with capture_logs() as said:
        await _run(first, steps=2)
    assert world.seqs == [1, 2, 3, 4, 5]
    assert world.told == [1, 2, 3, 4, 5, 6]
    assert [each["event"] for each in said] == ["projector.claimed"]


@pytest.mark.usefixtures("small_batches")
async def test_a_projector_that_is_ended_waits_for_no_read_ahead(world: World) -> None:
    """Which may wait for the group, for as long as there is no broker."""

    class Away(MemoryConsumer):
        async def take(self, limit: int, wait: float) -> dict[int, list[Record]]:
            if self._next[0] >= 2:
                reading.set()
                await asyncio.Event().wait()
            return await super().take(limit, wait)

    class Slow(MemoryStore):
        async def commit(self, changes: Changes) -> Known:
            await asyncio.Event().wait()
            return await super().commit(changes)

    reading = asyncio.Event()
    projector, _ = world.projector(Slow(world.tables), Away(world.log, "events"))
    stepping = asyncio.create_task(projector.step())
    await reading.wait()
    stepping.cancel()
    async with asyncio.timeout(1):
        await asyncio.wait([stepping])
    assert stepping.cancelled()


async def test_a_dead_letter_is_confirmed_before_its_offset_is_done(world: World) -> None:
    world.broker.unconfirmed_sends = 2
    world.log.append("events", 0, GROUP.encode(), b"{")
    projector, _ = world.projector()
    stepping = asyncio.create_task(_run(projector))
    await asyncio.sleep(0.05)
    assert world.tables.journal == {}
    await stepping
    assert len(world.log.topics["dead"][0]) == 1
    assert world.tables.journal[0, 2].reason == "dead_lettered"


async def test_a_log_that_lost_the_last_applied_record_is_refused(world: World) -> None:
    projector, consumer = world.projector()
    await _run(projector)
    tenure: Tenure = projector.tenure
    consumer.revision += 1
    await tenure.establish()
    beyond = Taken(Record(0, 2, GROUP.encode(), b"{}"), Undecodable("no event"))
    with pytest.raises(WrongLog, match="do not belong together"):
        tenure.due(0, [beyond])
