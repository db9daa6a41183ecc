"""Spans of a committed batch and of its messages, where tracing is on.

A batch is of many traces, so its span is in a trace of its own and links to those of its messages. Each
message also has a span in its own trace, from when work on its batch began until it was committed.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from message_store.domain.fold import FoldResult, NonConversationRecord
from message_store.domain.outcomes import NoEntry
from message_store.projector.batch import FoldedBatch
from message_store.projector.event_reader import ConsumedRecord
from shared.contract.fields import timestamp
from shared.tracing import messaging
from shared.tracing.port import Tracer
from shared.tracing.traceparent import of_record

MAX_TRACE_AGE = timedelta(hours=1)
"""Events that are older when they are projected are not traced: a rebuild of the database reads the whole
log, whose traces ended long ago."""


class _TracedMessage(NamedTuple):
    parent: str
    result: FoldResult


class BatchTracing:
    def __init__(self, tracer: Tracer, topic: str) -> None:
        self._tracer = tracer
        self._process = messaging.process(topic)
        self._project = messaging.process(topic, "project")

    def committed(self, folded: FoldedBatch) -> dict[tuple[int, int], str]:
        """Record the spans of the batch, up to now. Return the traceparent of each traced result that is to
        be published, by partition and offset."""
        oldest = timestamp(datetime.now(UTC) - MAX_TRACE_AGE)
        traced = [
            _TracedMessage(parent, result)
            for consumed, result in zip(folded.consumed, folded.results, strict=True)
            if (parent := _traceparent(consumed, oldest))
        ]
        if not traced:
            return {}
        batch = self._tracer.start(
            self._process, links=[message.parent for message in traced], started_at=folded.started_at
        )
        batch.set({"messaging.batch.message_count": len(folded.consumed)})
        traces = self._record_messages(traced, batch.traceparent, folded.started_at)
        batch.end()
        return traces

    def _record_messages(
        self, traced: Sequence[_TracedMessage], batch: str, started_at: int
    ) -> dict[tuple[int, int], str]:
        traces: dict[tuple[int, int], str] = {}
        for parent, result in traced:
            span = self._tracer.start(self._project, parent=parent, links=[batch], started_at=started_at)
            span.set(messaging.place(result.partition, result.offset))
            span.set({"parley.outcome": outcome_label(result)})
            span.end()
            if result.is_published and span.traceparent:
                traces[result.partition, result.offset] = span.traceparent
        return traces


def outcome_label(result: FoldResult) -> str:
    return type(result.outcome).__name__.lower() if isinstance(result.outcome, NoEntry) else "entry"


def _traceparent(consumed: ConsumedRecord, oldest: str) -> str:
    """Return what the record carries; empty for none, and for an event before `oldest`, which compares as the
    log's timestamps do: as text."""
    parent = of_record(consumed.record.headers)
    if not parent or isinstance(consumed.event, NonConversationRecord) or consumed.event.time < oldest:
        return ""
    return parent
