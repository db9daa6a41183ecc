"""What is logged of a dead letter."""

from structlog.testing import capture_logs

from shared.contract import codec
from shared.kafka import Record
from shared.log.dead_letters import DeadLetters
from shared.testing.in_memory_kafka import InMemoryLog, InMemoryProducer
from shared.tracing.traceparent import added_to
from tests.fixtures.recorded_spans import TRACE_ID, TRACEPARENT


async def test_the_line_of_a_dead_letter_has_the_trace_of_its_record() -> None:
    dead_letters = DeadLetters(InMemoryProducer(InMemoryLog(1)), "dead", "test")
    with capture_logs() as lines:
        for traceparent in (TRACEPARENT, "", "nonsense"):
            record = Record(0, 7, b"key", b"poison", added_to(codec.HEADERS, traceparent))
            await dead_letters.publish("chat.events", record, "not JSON")
    assert [line.get("trace_id") for line in lines] == [TRACE_ID, None, None]
    assert all((line["event"], line["offset"]) == ("dead_letter", 7) for line in lines)
