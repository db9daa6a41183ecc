"""The projector over log and store in memory: what group, database and broker may do to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from message_store.domain.conversation import Conversation
from message_store.domain.decide import Outcome, decide
from message_store.domain.fold import FoldResult, PoisonRecord
from message_store.domain.state import ExistingMessages, State
from message_store.projector import batch
from message_store.projector.batch import FoldedBatch
from message_store.projector.event_reader import ConsumedRecord
from message_store.projector.partition_ownership import PartitionOwnership
from message_store.projector.projector import Projector
from message_store.projector.publisher import Publisher
from message_store.read_models.journal import UnknownJournalKind
from message_store.read_models.write_set import WriteSet
from message_store.storage.port import (
    OwnershipLost,
    PartitionProgress,
    Unavailable,
    WrongLog,
)
from message_store.testing.in_memory_storage import InMemoryStore, Tables
from shared.contract import codec, ids
from shared.contract.events import Event, MessageSent
from shared.kafka import BatchResult, OutgoingRecord, Record, RecordPosition, Unconfirmed
from shared.kafka.types import Headers
from shared.log.dead_letters import DeadLetters
from shared.log.log_epoch import LogIdentity
from shared.testing.in_memory_kafka import InMemoryConsumer, InMemoryLog, InMemoryProducer
from tests.fixtures import builders
from tests.unit.message_store.reference_model import Projection, stories

IDENTITY = LogIdentity(builders.EPOCH, 1)
GROUP = ids.group_conversation_id("ann", "g")


class Broker(InMemoryProducer):
    """Confirms no batch while `is_away`."""

    is_away = False
    unconfirmed_sends = 0

    async def append_batch(
        self, topic: str, partition: int, records: Iterable[OutgoingRecord]
    ) -> BatchResult:
        if self.is_away:
            raise Unconfirmed("is_away")
        return await super().append_batch(topic, partition, records)

    async def send(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> Awaitable[RecordPosition]:
        if self.unconfirmed_sends:
            self.unconfirmed_sends -= 1
            return _refused()
        return await super().send(topic, partition, key, value, headers)


async def _refused() -> RecordPosition:
    raise Unconfirmed("not landed")


class World:
    """One log, one database, and any number of projectors between them."""

    def __init__(self) -> None:
        self.log = InMemoryLog(1)
        self.tables = Tables()
        self.broker = Broker(self.log)
        self.publishing: list[asyncio.Task[None]] = []

    def happen(self, *events: Event) -> None:
        for event in events:
            self.log.append("events", 0, builders.key_of(event), codec.encode(event))

    def projector(
        self, store: InMemoryStore | None = None, consumer: InMemoryConsumer | None = None
    ) -> tuple[Projector, InMemoryConsumer]:
        consumer = consumer or InMemoryConsumer(self.log, "events")
        publisher = Publisher(self.broker, "messages", epoch=builders.EPOCH, source="test")
        self.publishing.append(asyncio.create_task(publisher.run()))
        buried = DeadLetters(self.broker, "dead", "test")
        store = store or InMemoryStore(self.tables)
        return Projector(consumer, store, publisher, buried, IDENTITY, "events"), consumer

    @property
    def seqs(self) -> list[int]:
        return sorted(message.seq for message in self.tables.messages.values())

    @property
    def published(self) -> list[int]:
        """Offsets in chat.messages, repetitions left out."""
        entry_ids = [codec.decode_entry(record.value).id for record in self.log.topics["messages"][0]]
        return [int(identity.split("-")[2]) for identity in dict.fromkeys(entry_ids)]


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


async def test_a_partition_claimed_by_a_former_owner_is_claimed_back(world: World) -> None:
    """Its claim was slow and came after ours; the group announces nothing more."""
    projector, _ = world.projector()
    await _run(projector)
    await InMemoryStore(world.tables).claim(IDENTITY, [0])
    world.happen(builders.sent(GROUP, "ann"))
    await _run(projector, steps=3)
    assert world.seqs == [1]
    assert world.published == [1, 2]


async def test_an_assignment_during_a_claim_is_claimed_before_any_wait(world: World) -> None:
    class Slow(InMemoryStore):
        """The group gives the partitions out anew while this one claims them for the first time."""

        async def claim(
            self, identity: LogIdentity, partitions: Sequence[int]
        ) -> dict[int, PartitionProgress]:
            if consumer.revision == 1:
                consumer.assign([0])
            return await super().claim(identity, partitions)

    projector, consumer = world.projector(Slow(world.tables))
    await projector.ownership.ensure_claimed()
    assert projector.ownership.assignment_is_current


async def test_the_cache_of_a_partition_is_dropped_when_another_owned_it(world: World) -> None:
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
    assert world.published == [1, 2, 3, 4]


async def test_the_next_projector_publishes_what_several_commits_left_unpublished(world: World) -> None:
    """The first one's publisher got nothing through, and then its machine was gone."""
    world.broker.is_away = True
    first, _ = world.projector()
    for _ in range(4):
        world.happen(builders.sent(GROUP, "ann"))
        await _run(first)
    world.publishing.pop().cancel()
    world.broker.is_away = False
    second, _ = world.projector()
    world.happen(builders.sent(GROUP, "ann"))
    await _run(second, steps=2)
    assert world.published == [1, 2, 3, 4, 5, 6]


async def test_a_projector_that_ends_waits_until_it_has_published_and_no_longer(world: World) -> None:
    """Its publisher was stopped in the middle of a round, and goes on from there."""
    projector, _ = world.projector()
    world.broker.is_away = True
    await _run(projector)
    world.publishing[0].cancel()
    world.broker.is_away = False
    world.publishing.append(asyncio.create_task(projector._publisher.run()))
    await projector.settle()
    assert world.published == [1]


async def test_a_partition_with_too_much_unpublished_is_paused_until_it_is_published(world: World) -> None:
    world.broker.is_away = True
    projector, _ = world.projector()
    projector.ownership.back_pressure.max_unpublished_bytes = 4_500  # some nine of its entries
    for _ in range(5):
        world.happen(*(builders.sent(GROUP, "ann") for _ in range(6)))
        await _run(projector)
    assert len(world.seqs) == 12
    world.broker.is_away = False
    await asyncio.sleep(0.2)
    await _run(projector, steps=2)
    assert len(world.seqs) == 30


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("message_store.projector.projector.MAX_BATCH_RECORDS", 2)


@pytest.mark.usefixtures("small_batches")
async def test_the_next_batch_is_folded_while_a_full_one_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    folded = []
    usual = batch.fold_batch

    def counted(*arguments: Any) -> FoldedBatch:
        folded.append(usual(*arguments))
        return folded[-1]

    class Patient(InMemoryStore):
        """Writes nothing before the first four records are folded."""

        async def commit(self, write_set: WriteSet) -> ExistingMessages:
            async with asyncio.timeout(1):
                while len(folded) < 2:
                    await asyncio.sleep(0)
            return await super().commit(write_set)

    monkeypatch.setattr("message_store.projector.pipeline.fold_batch", counted)
    world.happen(*(builders.sent(GROUP, "ann") for _ in range(4)))
    projector, _ = world.projector(Patient(world.tables))
    await _run(projector, steps=4)
    assert world.seqs == [1, 2, 3, 4]
    assert world.published == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("small_batches")
async def test_a_message_repeated_in_the_next_batch_is_sent_once(world: World) -> None:
    again = builders.sent(GROUP, "ann", client_id="1")
    world.happen(again, again, again, again, builders.sent(GROUP, "ann"))
    projector, _ = world.projector()
    await _run(projector, steps=6)
    assert world.seqs == [1, 2]
    assert [row.of_offset for row in world.tables.journal.values()] == [None, None, None, 2, 2, 2, None]
    assert world.published == [1, 2, 6]


class OneConnection(InMemoryStore):
    """As PostgreSQL's: calls wait for one another, and it takes a moment. `moods` is what becomes of the next
    ones, the last first: it goes away before or after it wrote, or does well. It never writes poison."""

    def __init__(self, tables: Tables, moods: list[str] | None = None) -> None:
        super().__init__(tables)
        self._moods = moods or []
        self._turn = asyncio.Lock()

    async def conversations(self, ids: Sequence[str]) -> dict[str, Conversation]:
        async with self._mooded():
            return await super().conversations(ids)

    async def commit(self, write_set: WriteSet) -> ExistingMessages:
        async with self._mooded():
            if any(row.text == "poison" for row in write_set.messages.values()):
                raise ValueError("a row that cannot be written")
            return await super().commit(write_set)

    @asynccontextmanager
    async def _mooded(self) -> AsyncIterator[None]:
        async with self._turn:
            mood = self._moods.pop() if self._moods else "well"
            for _ in range(3):
                await asyncio.sleep(0)
            if mood == "before":
                raise Unavailable(mood)
            yield
            if mood == "after":
                raise Unavailable(mood)


moods = st.lists(st.sampled_from(["well", "well", "before", "after"]), max_size=20)


@pytest.mark.usefixtures("small_batches")
@given(stories, moods)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_a_database_does_each_event_is_written_and_published_once(
    story: list[Event], moods: list[str]
) -> None:
    world = World()
    world.happen(builders.opened(), *story)
    projector, _ = world.projector(OneConnection(world.tables, moods))
    while projector.ownership.next != {0: 1 + len(story)}:
        await projector.step(wait=0)
    await projector._publisher.wait_drained(1)
    world.publishing[0].cancel()
    whole = await Projection().apply([builders.opened(), *story])
    assert _rows(world.tables) == _rows(whole.tables)
    assert world.published == [folded.offset for folded in whole.folded if folded.is_published]


@pytest.mark.usefixtures("small_batches")
@given(stories, moods, st.integers(1, 200))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_wherever_a_projector_is_ended_the_next_one_goes_on_from_there(
    story: list[Event], moods: list[str], turns: int
) -> None:
    world = World()
    world.happen(builders.opened(), *story)
    first, _ = world.projector(OneConnection(world.tables, moods))
    running = asyncio.create_task(first.run())
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    with suppress(Unavailable, OwnershipLost):
        await first.settle()
    published = world.tables.progress[0].published if world.tables.progress else 0
    whole = await Projection().apply([builders.opened(), *story])
    due = [folded.offset for folded in whole.folded if folded.is_published]
    assert {offset for offset in due if offset < published} <= set(world.published)
    second, _ = world.projector()
    while second.ownership.next != {0: 1 + len(story)}:
        await second.step(wait=0)
    await second._publisher.wait_drained(1)
    for task in world.publishing:
        task.cancel()
    assert _rows(world.tables) == _rows(whole.tables)
    assert world.published == due


def _rows(tables: Tables) -> list[Any]:
    return [tables.conversations, tables.members, tables.messages, tables.journal]


@pytest.mark.usefixtures("small_batches")
async def test_a_batch_folded_ahead_is_void_after_a_rebalance(world: World) -> None:
    first, consumer = world.projector()
    second, _ = world.projector()
    world.happen(*(builders.sent(GROUP, "ann") for _ in range(4)))
    await _run(first, steps=2)
    await _run(second, steps=4)
    consumer.revision += 1
    world.happen(builders.sent(GROUP, "ann"))
    with capture_logs() as logs:
        await _run(first, steps=3)
    assert world.seqs == [1, 2, 3, 4, 5]
    assert world.published == [1, 2, 3, 4, 5, 6]
    assert [each["event"] for each in logs] == ["projector.claimed"]


@pytest.mark.usefixtures("small_batches")
async def test_a_projector_that_ends_writes_and_publishes_the_batch_in_flight(world: World) -> None:
    projector, _ = world.projector()
    world.happen(*(builders.sent(GROUP, "ann") for _ in range(2)))
    await projector.step(wait=0)
    await projector.step(wait=0)
    await projector.settle()
    assert world.published == [1, 2, 3]
    assert world.tables.progress[0] == PartitionProgress(0, 4, world.tables.progress[0].last_id, 4)


@pytest.mark.usefixtures("small_batches")
async def test_a_projector_cancelled_during_a_commit_leaves_the_commit_in_flight(world: World) -> None:
    class Slow(InMemoryStore):
        async def commit(self, write_set: WriteSet) -> ExistingMessages:
            await asyncio.sleep(0.1 if write_set.journal else 0)
            return await super().commit(write_set)

    projector, _ = world.projector(Slow(world.tables))
    running = asyncio.create_task(projector.run())
    await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.wait([running])
    await projector.settle()
    assert world.published == [1]


@pytest.mark.usefixtures("small_batches")
async def test_a_projector_that_ends_waits_two_seconds_for_the_database(world: World) -> None:
    class Stuck(InMemoryStore):
        async def commit(self, write_set: WriteSet) -> ExistingMessages:
            if write_set.journal:
                await asyncio.Event().wait()
            return await super().commit(write_set)

    projector, _ = world.projector(Stuck(world.tables))
    await projector.step(wait=0)
    async with asyncio.timeout(10):
        await projector.settle()
    assert world.published == []


OTHER = ids.group_conversation_id("ann", "other")


@pytest.mark.usefixtures("small_batches")
async def test_a_batch_folded_upon_one_that_cannot_be_written_is_folded_anew(world: World) -> None:
    """Loading a conversation that is not cached waits for the same connection."""
    texts = ["a", "poison", "b", "c"]
    world.happen(*(builders.sent(GROUP, "ann", text) for text in texts))
    world.happen(builders.started(OTHER, ["ann"]), builders.sent(OTHER, "ann", "d"))
    projector, _ = world.projector(OneConnection(world.tables))
    await _run(projector, steps=8)
    assert [row.text for row in world.tables.messages.values()] == ["a", "b", "c", "d"]
    assert len(world.log.topics["dead"][0]) == 1
    assert world.published == [1, 2, 4, 5, 6, 7]


@pytest.mark.usefixtures("small_batches")
async def test_a_record_that_cannot_be_folded_is_dead_lettered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decide_or_fail(state: State, event: Any, offset: int) -> Outcome:
        if isinstance(event, MessageSent) and event.data.content.text == "odd":
            raise KeyError("odd")
        return decide(state, event, offset)

    monkeypatch.setattr("message_store.domain.fold.decide", decide_or_fail)
    world.happen(*(builders.sent(GROUP, "ann", text) for text in ["a", "odd", "b", "c"]))
    projector, _ = world.projector()
    await _run(projector, steps=6)
    assert [row.text for row in world.tables.messages.values()] == ["a", "b", "c"]
    assert world.published == [1, 2, 4, 5]


@pytest.mark.usefixtures("small_batches")
async def test_a_projector_that_loses_a_partition_with_a_batch_in_flight_publishes_no_more_of_it(
    world: World,
) -> None:
    world.broker.is_away = True
    projector, consumer = world.projector(OneConnection(world.tables))
    world.happen(*(builders.sent(GROUP, "ann") for _ in range(4)))
    await projector.step(wait=0)
    await projector.step(wait=0)
    await InMemoryStore(world.tables).claim(IDENTITY, [0])
    consumer.assign([])
    await projector.step(wait=0)
    world.broker.is_away = False
    await asyncio.sleep(0.2)
    assert world.published == []


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


@pytest.mark.parametrize("name", [b"x" * 500_000, b"A text.v1", b"", b"message-sent", b"message-sent.v2\\n"])
async def test_what_no_release_would_name_an_event_stops_nothing_and_is_not_logged(
    world: World, name: bytes
) -> None:
    garbage = codec.encode(builders.sent(GROUP, "ann")).replace(b"message-sent.v1", name)
    world.log.append("events", 0, GROUP.encode(), garbage)
    world.happen(builders.sent(GROUP, "ann"))
    projector, _ = world.projector()
    with capture_logs() as logs:
        await _run(projector, steps=4)
    assert [len(str(line)) for line in logs if len(str(line)) > 1_000] == []
    assert world.tables.journal[0, 2].reason == "dead_lettered"
    assert world.seqs == [1]


async def test_an_event_of_an_unknown_type_stops_its_partition_with_one_line(world: World) -> None:
    """A newer gateway wrote it: the projector that knows it goes on from there."""
    newer = codec.encode(builders.sent(GROUP, "ann")).replace(b"message-sent.v1", b"message-sent.v2")
    world.log.append("events", 0, GROUP.encode(), newer)
    world.happen(builders.sent(GROUP, "ann"))
    projector, _ = world.projector()
    with capture_logs() as logs:
        await _run(projector, steps=4)
    assert [line["type"] for line in logs if line["event"] == "projector.unknown_event_type"] == [
        "chat.event.message-sent.v2"
    ]
    assert world.log.topics["dead"] == [[]]
    assert projector.ownership.next == {0: 2}
    assert projector.ownership.stopped == {0}
    world.log.topics["events"][0].pop(2)
    known = [record._replace(offset=n) for n, record in enumerate(world.log.topics["events"][0])]
    world.log.topics["events"][0] = known
    second, _ = world.projector()
    await _run(second, steps=2)
    assert world.seqs == [1]


class NewerJournal(InMemoryStore):
    """A newer release left an unpublished entry of its own."""

    async def unpublished(self, partition: int, start: int, limit: int) -> list[FoldResult]:
        raise UnknownJournalKind("message.reacted")


async def test_an_unpublished_entry_of_a_newer_release_stops_its_partition_with_one_line(
    world: World,
) -> None:
    projector, _ = world.projector(NewerJournal(world.tables))
    with capture_logs() as logs:
        await _run(projector, steps=4)
    assert [line["kind"] for line in logs if line["event"] == "projector.unknown_journal_kind"] == [
        "message.reacted"
    ]
    assert projector.ownership.stopped == {0}
    assert (world.seqs, world.published) == ([], [])
    second, _ = world.projector()
    await _run(second, steps=2)
    assert world.published == [1]


async def test_a_log_that_begins_as_another_is_refused(world: World) -> None:
    world.log.topics["events"][0].clear()
    world.happen(builders.opened(epoch="f" * 16), builders.started(GROUP, ["ann"]))
    projector, _ = world.projector()
    with pytest.raises(WrongLog, match="begins another log"):
        await _run(projector)
    assert not world.tables.conversations


async def test_a_log_that_lost_the_last_applied_record_is_refused(world: World) -> None:
    projector, consumer = world.projector()
    await _run(projector)
    ownership: PartitionOwnership = projector.ownership
    consumer.revision += 1
    await ownership.ensure_claimed()
    beyond = ConsumedRecord(Record(0, 2, GROUP.encode(), b"{}"), PoisonRecord("no event"))
    with pytest.raises(WrongLog, match="do not belong together"):
        ownership.accept_in_sequence(0, [beyond])
