"""Records that cannot be processed, kept unchanged for operators in `chat.dead-letters`, with the reason.

Value = the original bytes; headers = reason, service, time, topic, partition, offset. To put one back,
produce its value again, with its key, at the end of the topic it came from.

Of a value above 2 MiB (compressed, it may have been small) the first 2 MiB are kept, and `cut-from` says how
many bytes it had; a key above 512 KiB alike (`key-cut-from`). All of it stands where it came from.
"""

import asyncio
from datetime import UTC, datetime

import structlog
from prometheus_client import Counter

from shared.contract.fields import timestamp
from shared.kafka.types import ProducerPort, Record, Unconfirmed
from shared.tracing import traceparent

log = structlog.get_logger()

_published = Counter("dead_letters_total", "Records given up on and kept in chat.dead-letters", ["service"])


_MAX_VALUE_BYTES, _MAX_KEY_BYTES = 2 * 1024 * 1024, 512 * 1024


class DeadLetters:
    def __init__(self, producer: ProducerPort, topic: str, service: str) -> None:
        self._producer = producer
        self._topic = topic
        self._service = service
        self._published = _published.labels(service)  # from 0 on: an increase from nothing is not seen

    async def publish(self, origin: str, record: Record, reason: str) -> None:
        """Publish the record to the dead-letter topic and return once the broker confirmed; retry without
        limit. `origin` is the topic that the record was read from."""
        position = {"topic": origin, "partition": record.partition, "offset": record.offset}
        about = {"reason": reason[:500], "service": self._service, "time": timestamp(datetime.now(UTC))}
        key, whole_key = _truncate("key-cut-from", record.key, _MAX_KEY_BYTES)
        value, whole = _truncate("cut-from", record.value, _MAX_VALUE_BYTES)
        fields = about | position | whole_key | whole
        headers = [(name, str(field).encode()) for name, field in fields.items()]
        while True:
            try:
                await (await self._producer.send(self._topic, 0, key, value, headers))
            except Unconfirmed:
                await asyncio.sleep(0.2)
            else:
                break
        self._published.inc()
        trace_id = traceparent.trace_id(traceparent.of_record(record.headers))
        traced = {"trace_id": trace_id} if trace_id else {}
        log.error("dead_letter", reason=reason[:500], **position, **traced)


def _truncate(name: str, whole: bytes | None, max_bytes: int) -> tuple[bytes | None, dict[str, int]]:
    """Return the first `max_bytes`, and, if that is not all, a header `name` with the full size."""
    if whole is None or len(whole) <= max_bytes:
        return whole, {}
    return whole[:max_bytes], {name: len(whole)}
