"""Ports and values of the Kafka seam."""

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from shared.runtime.misconfigured import Misconfigured

Headers = Sequence[tuple[str, bytes]]
MAX_BATCH_RECORDS = 2_000
"""Offered to the producer for one batch; its own bound is in bytes."""


class Record(NamedTuple):
    """One record as it was consumed."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class RecordWithHeaders(NamedTuple):
    """One record with its headers, as a listing shows it."""

    offset: int
    value: bytes | None
    headers: Headers


class RecordPosition(NamedTuple):
    """Where a record was written."""

    partition: int
    offset: int


class BatchResult(NamedTuple):
    """The outcome of appending a batch: the first records of those offered."""

    first_offset: int
    """The offset of the first record written."""
    record_count: int
    """How many records were written."""


class OutgoingRecord(NamedTuple):
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True)
class TopicSpec:
    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)


class Unconfirmed(Exception):
    """The broker did not confirm a record or a commit: it may or may not have been written. Also raised
    when nothing was sent, because no broker is connected or the deadline passed in the queue."""


class AccessDenied(Misconfigured):
    """The broker knows this principal, but denies it a right that the process needs. Not retried: the process
    ends, and its supervisor starts it again."""


class ProducerPort(Protocol):
    @property
    def is_ready(self) -> bool: ...

    async def send(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> Awaitable[RecordPosition]: ...

    async def append_batch(
        self, topic: str, partition: int, records: Iterable[OutgoingRecord]
    ) -> BatchResult:
        """Append the first of `records` as one batch; all are read before anything is awaited."""
        ...


class ConsumerPort(Protocol):
    @property
    def revision(self) -> int: ...

    @property
    def partitions(self) -> frozenset[int]: ...

    def seek(self, partition: int, offset: int) -> None: ...

    def pause(self, partition: int) -> None: ...

    def resume(self, partition: int) -> None: ...

    async def poll(self, limit: int, wait: float) -> dict[int, list[Record]]: ...

    async def end_offsets(self, partitions: Sequence[int]) -> dict[int, int]: ...


class GroupConsumerPort(ConsumerPort, Protocol):
    """A consumer that commits its offsets to the group."""

    async def beginning_offsets(self, partitions: Sequence[int]) -> dict[int, int]: ...

    async def committed(self, partitions: Sequence[int]) -> dict[int, int]: ...

    async def commit(self, offsets: Mapping[int, int]) -> None: ...
