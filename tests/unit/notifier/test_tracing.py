"""What a notifier records of an entry, and what it hands on to gateways."""

from opentelemetry.trace import SpanKind

from notifier.live.dispatcher import Dispatcher
from notifier.live.entry_consumer import EntryConsumer
from notifier.live.start_offsets import StartOffsets
from shared.contract import codec
from shared.log.dead_letters import DeadLetters
from shared.testing.in_memory_kafka import (
    InMemoryConsumer,
    InMemoryLog,
    InMemoryProducer,
    InMemoryTopicReader,
)
from shared.tracing.port import NO_TRACER, Tracer
from shared.tracing.traceparent import added_to
from tests.fixtures.entry_builders import record, sent
from tests.fixtures.recorded_spans import (
    CLIENT_SPAN_ID,
    NOT_RECORDED,
    TRACE_ID,
    TRACEPARENT,
    RecordedSpans,
    parent_id_of,
    span_id_of,
    trace_id_of,
)
from tests.unit.notifier.link_fixture import headers, subscribed_link

TOPIC = "chat.messages"


async def dispatched(tracer: Tracer, *traceparents: str) -> list[str | None]:
    """Publish an entry with each of these; return what the link's messages carry, and those of a replay."""
    log, dispatcher = InMemoryLog(1), Dispatcher()
    dispatcher.set_partition_count(1)
    consumer = InMemoryConsumer(log, TOPIC)
    entry_consumer = EntryConsumer(
        consumer=consumer,
        start_offsets=StartOffsets(consumer, InMemoryTopicReader(log, TOPIC)),
        dispatcher=dispatcher,
        dead_letters=DeadLetters(InMemoryProducer(log), "dead", "notifier"),
        topic=TOPIC,
        tracer=tracer,
    )
    await entry_consumer.step()
    link = subscribed_link(dispatcher, "alice")
    for offset, traceparent in enumerate(traceparents):
        value = record(sent(offset + 1), 0).value
        log.append(TOPIC, 0, b"key", value, added_to(codec.HEADERS, traceparent))
    await entry_consumer.step()
    live = [m.get("traceparent") for m in headers(link) if m["type"] == "entry"]
    dispatcher.replay(link, {0: 0})
    assert [m.get("traceparent") for m in headers(link) if m["type"] == "entry"] == live
    return live


async def test_an_entry_hands_its_trace_on_to_the_links_also_when_it_is_replayed() -> None:
    recorded = RecordedSpans()
    carried = await dispatched(recorded.tracer, TRACEPARENT, "")
    (span,) = recorded.spans
    assert (span.name, span.kind) == (f"process {TOPIC}", SpanKind.CONSUMER)
    assert (trace_id_of(span), parent_id_of(span)) == (TRACE_ID, CLIENT_SPAN_ID)
    assert span.attributes is not None
    assert span.attributes["messaging.kafka.offset"] == 0
    assert carried == [f"00-{TRACE_ID}-{span_id_of(span)}-01", None]


async def test_a_trace_that_is_not_recorded_goes_no_further() -> None:
    recorded = RecordedSpans()
    assert await dispatched(recorded.tracer, NOT_RECORDED) == [None]
    assert not recorded.spans


async def test_without_tracing_the_links_carry_nothing() -> None:
    assert await dispatched(NO_TRACER, TRACEPARENT) == [None]
