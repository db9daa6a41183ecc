"""What a gateway records of requests, frames, events and deliveries, and what it hands on."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from gateway.notifiers.traced_receiver import TracedReceiver, traced
from shared.contract import codec
from shared.internal.link_protocol import LinkEntry
from shared.tracing.port import NO_TRACER
from shared.tracing.traceparent import of_record
from tests.fixtures.recorded_spans import (
    CLIENT_SPAN_ID,
    TRACE_ID,
    TRACEPARENT,
    RecordedSpans,
    parent_id_of,
    span_id_of,
    trace_id_of,
)
from tests.unit.gateway.gateway_fixture import TOPIC, GatewayFixture, run_gateway, run_traced_gateway

SEND = f"send {TOPIC}"


@pytest.fixture
def recorded() -> RecordedSpans:
    return RecordedSpans()


@pytest.fixture
async def gateway(recorded: RecordedSpans) -> AsyncIterator[GatewayFixture]:
    async with run_traced_gateway(recorded.tracer) as running:
        yield running


def newest_traceparent(gateway: GatewayFixture, conversation: str) -> str:
    record = gateway.log.topics[TOPIC][gateway.partition_of(conversation)][-1]
    assert [header for header in record.headers if header[0] != "traceparent"] == list(codec.HEADERS)
    return of_record(record.headers)


async def ended(recorded: RecordedSpans, *names: str) -> None:
    async with asyncio.timeout(5):
        while not set(names) <= set(recorded.names):
            await asyncio.sleep(0.01)


async def test_a_request_continues_its_clients_trace_into_the_log(
    gateway: GatewayFixture, recorded: RecordedSpans
) -> None:
    conversation = await gateway.start_direct("ann", "bob")
    body = {"conversationId": conversation, "text": "hello"}
    answer = await gateway.http.post(
        "/messages?meId=ann", json=body, headers={"traceparent": TRACEPARENT, "tracestate": "a=b"}
    )
    assert answer.status_code == 202
    await ended(recorded, "POST /messages")
    request = recorded.named("POST /messages")
    sent = next(span for span in recorded.spans if parent_id_of(span) == span_id_of(request))
    assert (trace_id_of(request), parent_id_of(request)) == (TRACE_ID, CLIENT_SPAN_ID)
    assert request.kind is SpanKind.SERVER
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/messages",
        "http.response.status_code": 202,
    }
    assert (sent.name, sent.kind) == (SEND, SpanKind.PRODUCER)
    assert newest_traceparent(gateway, conversation) == f"00-{TRACE_ID}-{span_id_of(sent)}-01"


async def test_an_event_that_is_not_confirmed_fails_its_spans(
    gateway: GatewayFixture, recorded: RecordedSpans
) -> None:
    gateway.components.producer.identity = None
    answer = await gateway.http.post("/messages/start?meId=ann", json={"peerId": "bob"})
    assert answer.status_code == 503
    await ended(recorded, "POST /messages/start")
    for name, error in ((SEND, "Unconfirmed"), ("POST /messages/start", "503")):
        failed = recorded.named(name)
        assert failed.status.status_code is StatusCode.ERROR
        assert failed.attributes is not None
        assert failed.attributes["error.type"] == error


async def test_probes_are_not_traced_and_unknown_paths_have_no_route(
    gateway: GatewayFixture, recorded: RecordedSpans
) -> None:
    await gateway.http.get("/healthz")
    await gateway.http.get("/readyz")
    assert (await gateway.http.get("/any/path/that/a/client/invents")).status_code == 404
    await ended(recorded, "GET")
    assert recorded.names == ["GET"]
    assert "invents" not in recorded.named("GET").to_json()


async def test_frames_continue_the_trace_of_the_upgrade_and_else_begin_their_own(
    gateway: GatewayFixture, recorded: RecordedSpans
) -> None:
    conversation = await gateway.start_direct("ann", "bob")
    frame = {"type": "message", "conversationId": conversation}
    async with gateway.connected("ann", additional_headers={"traceparent": TRACEPARENT}) as client:
        await client.send(**frame, text="one")
        await client.receive("accepted")
    async with gateway.connected("ann") as client:
        await client.send(**frame, text="two")
        await client.receive("accepted")
        await client.send(**frame, text="three")
        await client.receive("accepted")
    frames = [span for span in recorded.spans if span.name == "frame message"]
    assert [parent_id_of(span) for span in frames] == [CLIENT_SPAN_ID, None, None]
    assert trace_id_of(frames[0]) == TRACE_ID
    assert len({trace_id_of(span) for span in frames}) == 3
    sent = [span for span in recorded.spans if parent_id_of(span) in set(map(span_id_of, frames))]
    assert [span.name for span in sent] == [SEND] * 3


async def test_a_refused_frame_has_its_code_and_no_text(
    gateway: GatewayFixture, recorded: RecordedSpans
) -> None:
    async with gateway.connected("ann") as client:
        await client.send(
            type="message", conversationId="0197d8a5-7d0c-7c3f-8f9b-000000000000", text="private"
        )
        assert (await client.receive("error"))["code"] == "not_found"
    refused = recorded.named("frame message")
    assert refused.attributes == {"parley.frame.type": "message", "error.type": "not_found"}
    assert refused.status.is_unset
    assert "private" not in refused.to_json()


async def test_a_collected_read_is_of_no_frames_trace(
    gateway: GatewayFixture, recorded: RecordedSpans
) -> None:
    """Its window may be open for hours."""
    conversation = await gateway.start_direct("ann", "bob")
    await gateway.send_message("ann", conversation, "hello")
    async with gateway.connected("bob", additional_headers={"traceparent": TRACEPARENT}) as client:
        await client.send(type="read", conversationId=conversation, upTo=1)
        await ended(recorded, "frame read")
    await gateway.components.read_receipts.flush()
    *_, sent = (span for span in recorded.spans if span.name == SEND)
    assert parent_id_of(sent) is None
    carried = newest_traceparent(gateway, conversation)
    assert carried.startswith(f"00-{trace_id_of(sent)}-{span_id_of(sent)}-")


class Receiver:
    def __init__(self) -> None:
        self.entries: list[LinkEntry] = []
        self.resyncs = 0

    def dispatch(self, entry: LinkEntry) -> None:
        if entry.kind == "broken":
            raise LookupError
        self.entries.append(entry)

    def resync_all(self) -> None:
        self.resyncs += 1


def test_a_delivery_ends_the_trace_of_its_entry(recorded: RecordedSpans) -> None:
    receiver = Receiver()
    tracing = traced(receiver, recorded.tracer)
    entry = LinkEntry(0, 0, 1, 1, "chat.message.sent.v1", "", ["ann", "bob"], b"", 0.0, TRACEPARENT)
    untraced = entry._replace(traceparent="")
    tracing.dispatch(entry)
    tracing.dispatch(untraced)
    tracing.resync_all()
    assert (receiver.entries, receiver.resyncs) == ([entry, untraced], 1)
    (delivered,) = recorded.spans
    assert (trace_id_of(delivered), parent_id_of(delivered)) == (TRACE_ID, CLIENT_SPAN_ID)
    assert delivered.attributes == {"parley.entry.type": "chat.message.sent.v1", "parley.users": 2}


def test_a_delivery_that_fails_fails_its_span_and_the_link_learns_of_it(recorded: RecordedSpans) -> None:
    entry = LinkEntry(0, 0, 1, 1, "broken", "", ["ann"], b"", 0.0, TRACEPARENT)
    with pytest.raises(LookupError):
        traced(Receiver(), recorded.tracer).dispatch(entry)
    assert recorded.named("deliver frame").status.status_code is StatusCode.ERROR


async def test_without_tracing_nothing_stands_in_the_way() -> None:
    receiver = Receiver()
    assert traced(receiver, NO_TRACER) is receiver
    async with run_gateway() as gateway:
        conversation = await gateway.start_direct("ann", "bob")
        async with gateway.connected("ann", additional_headers={"traceparent": TRACEPARENT}) as client:
            await client.send(type="message", conversationId=conversation, text="hello")
            await client.receive("accepted")
        record = gateway.log.topics[TOPIC][gateway.partition_of(conversation)][-1]
        assert record.headers is codec.HEADERS
        assert not isinstance(gateway.components.links._receiver, TracedReceiver)
