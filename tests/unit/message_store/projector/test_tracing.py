"""What a projector records of a batch and its messages, and which traces it publishes."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.trace import StatusCode

from message_store.projector.batch_tracing import MAX_TRACE_AGE
from message_store.projector.projector import Projector
from message_store.projector.publisher import Publisher
from message_store.testing.in_memory_storage import InMemoryStore, Tables
from shared.contract import codec, ids
from shared.contract.events import Event
from shared.contract.fields import timestamp
from shared.kafka import BatchResult, OutgoingRecord, Unconfirmed
from shared.log.dead_letters import DeadLetters
from shared.log.log_epoch import LogIdentity
from shared.testing.in_memory_kafka import InMemoryConsumer, InMemoryLog, InMemoryProducer
from shared.tracing.port import NO_TRACER, Tracer
from shared.tracing.traceparent import added_to, of_record, trace_id
from tests.fixtures import builders
from tests.fixtures.recorded_spans import RecordedSpans, parent_id_of, span_id_of, trace_id_of

GROUP = ids.group_conversation_id("ann", "g")


class Broker(InMemoryProducer):
    """Takes `most` records a batch; confirms none while `is_away`."""

    is_away = False
    most = 1_000

    async def append_batch(
        self, topic: str, partition: int, records: Iterable[OutgoingRecord]
    ) -> BatchResult:
        offered = list(records)
        if self.is_away:
            raise Unconfirmed("away")
        return await super().append_batch(topic, partition, offered[: self.most])


def traceparent(number: int) -> str:
    return f"00-{number:032x}-{number:016x}-01"


def now(age: timedelta = timedelta()) -> str:
    return timestamp(datetime.now(UTC) - age)


class World:
    def __init__(self) -> None:
        self.log = InMemoryLog(1)
        self.tables = Tables()
        self.broker = Broker(self.log)
        self.recorded = RecordedSpans()
        self.publishing: list[asyncio.Task[None]] = []
        self.happen(builders.opened())
        self.happen(builders.started(GROUP, ["ann", "bob"]))

    def happen(self, event: Event, trace: str = "", time: str | None = None) -> None:
        event = event.model_copy(update={"time": time or now()})
        headers = added_to(codec.HEADERS, trace)
        self.log.append("events", 0, builders.key_of(event), codec.encode(event), headers)

    def projector(self, tracer: Tracer | None = None) -> Projector:
        tracer = tracer or self.recorded.tracer
        publisher = Publisher(self.broker, "messages", epoch=builders.EPOCH, source="test", tracer=tracer)
        self.publishing.append(asyncio.create_task(publisher.run()))
        return Projector(
            InMemoryConsumer(self.log, "events"),
            InMemoryStore(self.tables),
            publisher,
            DeadLetters(self.broker, "dead", "test"),
            LogIdentity(builders.EPOCH, 1),
            "events",
            tracer,
        )

    async def stop_publishing(self) -> None:
        for task in self.publishing:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self.publishing.clear()

    async def published(self, count: int) -> list[str]:
        """Return the traceparents of the first `count` entries that were published."""
        async with asyncio.timeout(5):
            while len(self.log.topics["messages"][0]) < count:
                await asyncio.sleep(0.01)
        records = self.log.topics["messages"][0]
        assert len(records) == count
        assert all([h for h in r.headers if h[0] != "traceparent"] == list(codec.HEADERS) for r in records)
        return [of_record(record.headers) for record in records]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    built = World()
    yield built
    await built.stop_publishing()


async def test_each_message_of_a_batch_goes_on_in_its_own_trace(world: World) -> None:
    world.happen(builders.sent(GROUP, "ann"), traceparent(1))
    world.happen(builders.sent(GROUP, "bob"))
    world.happen(builders.sent(GROUP, "bob"), traceparent(2))
    await world.projector().step(wait=0)
    published = await world.published(4)
    assert [trace_id(text) for text in published] == ["", f"{1:032x}", "", f"{2:032x}"]

    batch = world.recorded.named("process events")
    assert parent_id_of(batch) is None
    assert [f"{link.context.trace_id:032x}" for link in batch.links] == [f"{1:032x}", f"{2:032x}"]
    assert batch.attributes is not None
    assert batch.attributes["messaging.batch.message_count"] == 5
    projected = [span for span in world.recorded.spans if span.name == "project events"]
    assert [parent_id_of(span) for span in projected] == [f"{1:016x}", f"{2:016x}"]
    assert [span.attributes and span.attributes["messaging.kafka.offset"] for span in projected] == [2, 4]
    assert [[link.context.span_id for link in span.links] for span in projected] == [
        [int(span_id_of(batch), 16)]
    ] * 2
    assert {(span.start_time, span.status.is_unset) for span in projected} == {(batch.start_time, True)}
    sent = [span for span in world.recorded.spans if span.name == "send messages"]
    assert [parent_id_of(span) for span in sent] == [span_id_of(span) for span in projected]
    assert [text for text in published if text] == [
        f"00-{trace_id_of(span)}-{span_id_of(span)}-01" for span in sent
    ]


async def test_what_is_not_published_ends_its_trace_with_its_outcome(world: World) -> None:
    world.happen(builders.sent(GROUP, "ann", client_id="once"), traceparent(1))
    world.happen(builders.sent(GROUP, "ann", client_id="once"), traceparent(2))
    world.happen(builders.sent(GROUP, "eve"), traceparent(3))
    await world.projector().step(wait=0)
    assert [trace_id(text) for text in await world.published(3)] == ["", f"{1:032x}", f"{3:032x}"]
    outcomes = [
        span.attributes and span.attributes["parley.outcome"]
        for span in world.recorded.spans
        if span.name == "project events"
    ]
    assert outcomes == ["entry", "duplicate", "rejected"]


async def test_a_batch_without_a_trace_leaves_no_span(world: World) -> None:
    world.happen(builders.sent(GROUP, "ann"))
    world.log.append("events", 0, b"key", b"poison", added_to(codec.HEADERS, traceparent(1)))
    await world.projector().step(wait=0)
    assert await world.published(2) == ["", ""]
    assert not world.recorded.spans


async def test_an_entry_published_in_another_try_carries_the_span_of_that_try(world: World) -> None:
    world.happen(builders.sent(GROUP, "ann"), traceparent(1))
    world.broker.is_away = True
    await world.projector().step(wait=0)
    async with asyncio.timeout(5):
        while "send messages" not in world.recorded.names:
            await asyncio.sleep(0.01)
    world.broker.is_away = False
    _, published = await world.published(2)
    *failed, sent = (span for span in world.recorded.spans if span.name == "send messages")
    assert failed
    assert all(span.status.status_code is StatusCode.ERROR for span in failed)
    assert (sent.status.is_unset, published[36:52]) == (True, span_id_of(sent))


async def test_of_a_batch_that_was_taken_in_parts_each_entry_has_one_span(world: World) -> None:
    for number in range(1, 8):
        world.happen(builders.sent(GROUP, "ann"), traceparent(number))
    world.broker.most = 3
    await world.projector().step(wait=0)
    published = [trace_id(text) for text in await world.published(8)]
    assert published == ["", *(f"{number:032x}" for number in range(1, 8))]
    sent = [span for span in world.recorded.spans if span.name == "send messages"]
    assert [trace_id_of(span) for span in sent] == published[1:]
    assert [span.attributes and span.attributes["messaging.kafka.offset"] for span in sent] == [*range(1, 8)]


async def test_what_is_published_from_the_journal_after_a_restart_has_no_trace(world: World) -> None:
    """The journal is the same with and without tracing: the record is as well, but for its header."""
    world.happen(builders.sent(GROUP, "ann"), traceparent(1))
    world.broker.is_away = True
    await world.projector().step(wait=0)
    assert "project events" in world.recorded.names
    await world.stop_publishing()
    world.broker.is_away = False
    await world.projector().step(wait=0)
    assert await world.published(2) == ["", ""]


async def test_a_rebuild_traces_nothing_of_long_ago(world: World) -> None:
    world.happen(builders.sent(GROUP, "ann"), traceparent(1), now(MAX_TRACE_AGE + timedelta(minutes=1)))
    world.happen(builders.sent(GROUP, "ann"), traceparent(2), now(MAX_TRACE_AGE - timedelta(minutes=1)))
    await world.projector().step(wait=0)
    assert [trace_id(text) for text in await world.published(3)] == ["", "", f"{2:032x}"]
    assert len(world.recorded.named("process events").links) == 1


async def test_rows_and_records_are_the_same_with_tracing_and_without() -> None:
    story = [builders.sent(GROUP, user, f"text {n}", f"c{n}") for n, user in enumerate(("ann", "bob", "eve"))]
    left: list[tuple[Tables, list[bytes | None]]] = []
    begun, time = (builders.opened(), builders.started(GROUP, ["ann", "bob"])), now()
    for tracer, trace in ((NO_TRACER, ""), (NO_TRACER, traceparent(1)), (None, traceparent(1))):
        world = World()
        world.log.topics["events"][0].clear()
        for event in (*begun, *story):
            world.happen(event, trace, time)
        await world.projector(tracer).step(wait=0)
        headers = await world.published(4)
        assert any(headers) is (tracer is None)
        left.append((world.tables, [record.value for record in world.log.topics["messages"][0]]))
        await world.stop_publishing()
    for tables, values in left[1:]:
        assert values == left[0][1]
        assert vars(tables) | {"owner": {}} == vars(left[0][0]) | {"owner": {}}
