"""One contract suite over the tracer of OpenTelemetry and the one that does nothing; then what only the
former promises."""

import asyncio

import pytest
import structlog
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import SpanKind, StatusCode

from shared.tracing import messaging
from shared.tracing.port import NO_TRACER, Kind, Operation, Tracer
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

REQUEST = Operation("request", Kind.SERVER)
SEND = messaging.send("chat.events")
PROCESS = messaging.process("chat.events")
MALFORMED = ["", "nonsense", "00-" + 32 * "0" + f"-{CLIENT_SPAN_ID}-01", f"ff-{TRACE_ID}-{CLIENT_SPAN_ID}-01"]


@pytest.fixture(params=["none", "open_telemetry"])
def tracer(request: pytest.FixtureRequest) -> Tracer:
    return NO_TRACER if request.param == "none" else RecordedSpans().tracer


def test_a_block_in_a_span_is_left_by_its_own_exception(tracer: Tracer) -> None:
    with pytest.raises(ZeroDivisionError), tracer.start(REQUEST):
        _ = 1 / 0


@pytest.mark.parametrize("parent", [*MALFORMED, TRACEPARENT, NOT_RECORDED])
def test_a_span_starts_and_ends_below_any_parent(tracer: Tracer, parent: str) -> None:
    span = tracer.start(SEND, parent=parent, links=[parent, TRACEPARENT], started_at=1)
    span.set(messaging.place(3, 57))
    span.rename("renamed")
    span.fail("unavailable")
    span.end()


def test_only_a_tracer_that_is_on_gives_a_traceparent(tracer: Tracer) -> None:
    assert bool(tracer.start(SEND).traceparent) is tracer.is_on


async def test_a_span_ends_in_the_task_that_left_its_block(tracer: Tracer) -> None:
    async def handle() -> None:
        with tracer.start(REQUEST):
            await asyncio.sleep(0)
            with tracer.start(SEND):
                await asyncio.sleep(0)

    await asyncio.gather(*(handle() for _ in range(5)))


async def test_spans_in_a_block_are_its_children_and_tasks_do_not_mix() -> None:
    recorded = RecordedSpans()

    async def handle(number: int) -> None:
        with recorded.tracer.start(Operation(f"request {number}", Kind.SERVER)):
            await asyncio.sleep(0)
            recorded.tracer.start(Operation(f"child {number}", Kind.PRODUCER)).end()

    await asyncio.gather(*(handle(number) for number in range(5)))
    for number in range(5):
        request, child = recorded.named(f"request {number}"), recorded.named(f"child {number}")
        assert parent_id_of(child) == span_id_of(request)
        assert parent_id_of(request) is None
    assert len({trace_id_of(span) for span in recorded.spans}) == 5


def test_a_trace_goes_on_from_a_traceparent() -> None:
    recorded = RecordedSpans()
    span = recorded.tracer.start(SEND, parent=TRACEPARENT)
    span.end()
    (ended,) = recorded.spans
    assert (trace_id_of(ended), parent_id_of(ended)) == (TRACE_ID, CLIENT_SPAN_ID)
    assert ended.kind is SpanKind.PRODUCER
    assert span.traceparent == f"00-{TRACE_ID}-{span_id_of(ended)}-01"


@pytest.mark.parametrize("parent", MALFORMED)
def test_a_malformed_traceparent_begins_a_trace(parent: str) -> None:
    recorded = RecordedSpans()
    recorded.tracer.start(SEND, parent=parent).end()
    assert parent_id_of(recorded.named(SEND.name)) is None


def test_a_trace_that_its_client_does_not_record_is_not_recorded_here() -> None:
    recorded = RecordedSpans()
    with recorded.tracer.start(REQUEST, parent=NOT_RECORDED) as request:
        sent = recorded.tracer.start(SEND)
        sent.end()
    assert (request.traceparent, sent.traceparent) == ("", "")
    assert not recorded.spans


def test_a_batch_is_recorded_with_its_messages_whatever_the_sampler_decides_of_others() -> None:
    recorded = RecordedSpans(ParentBased(ALWAYS_OFF))
    recorded.tracer.start(REQUEST).end()
    recorded.tracer.start(PROCESS, links=[TRACEPARENT, TRACEPARENT]).end()
    batch = recorded.named(PROCESS.name)
    assert [f"{link.context.trace_id:032x}" for link in batch.links] == [TRACE_ID, TRACE_ID]
    assert trace_id_of(batch) != TRACE_ID
    assert recorded.names == [PROCESS.name]


def test_log_lines_in_a_span_have_its_ids_and_later_ones_do_not() -> None:
    recorded = RecordedSpans()
    with recorded.tracer.start(REQUEST, parent=TRACEPARENT):
        with recorded.tracer.start(SEND):
            inner = structlog.contextvars.get_contextvars()
        outer = structlog.contextvars.get_contextvars()
    assert inner["trace_id"] == outer["trace_id"] == TRACE_ID
    assert inner["span_id"] == span_id_of(recorded.named(SEND.name))
    assert outer["span_id"] == span_id_of(recorded.named(REQUEST.name))
    assert not structlog.contextvars.get_contextvars().keys() & {"trace_id", "span_id"}


def test_a_failed_span_names_the_class_of_the_error_and_not_its_text() -> None:
    recorded = RecordedSpans()
    with pytest.raises(ValueError, match="hello"), recorded.tracer.start(REQUEST):
        raise ValueError("hello, Bob")
    failed = recorded.named(REQUEST.name)
    assert failed.status.status_code is StatusCode.ERROR
    assert failed.attributes == {"error.type": "ValueError"}
    assert not failed.events
    assert "hello" not in failed.to_json()


async def test_a_cancelled_span_has_not_failed() -> None:
    recorded = RecordedSpans()

    async def handle() -> None:
        with recorded.tracer.start(REQUEST):
            await asyncio.Event().wait()

    task = asyncio.create_task(handle())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert recorded.named(REQUEST.name).status.is_unset
