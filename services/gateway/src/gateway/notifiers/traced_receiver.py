"""A span for each entry that a notifier sent: the end of a message's trace."""

from gateway.notifiers.link_pool import EntryReceiver
from shared.internal.link_protocol import LinkEntry
from shared.tracing.port import Kind, Operation, Tracer


def traced(receiver: EntryReceiver, tracer: Tracer) -> EntryReceiver:
    """Return `receiver` with a span around each entry that is traced; itself where tracing is off."""
    return TracedReceiver(receiver, tracer) if tracer.is_on else receiver


class TracedReceiver:
    """The span ends when the frame is in the send buffers of all connections of the entry's users."""

    def __init__(self, receiver: EntryReceiver, tracer: Tracer) -> None:
        self._receiver = receiver
        self._tracer = tracer
        self._deliver = Operation("deliver frame", Kind.CONSUMER)

    def dispatch(self, entry: LinkEntry) -> None:
        if not entry.traceparent:
            self._receiver.dispatch(entry)
            return
        with self._tracer.start(self._deliver, parent=entry.traceparent) as span:
            span.set({"parley.entry.type": entry.kind, "parley.users": len(entry.users)})
            self._receiver.dispatch(entry)

    def resync_all(self) -> None:
        self._receiver.resync_all()
