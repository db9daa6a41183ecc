"""Accept from each partition exactly the records that come next, and prove that the log is the database's."""

from collections.abc import Sequence

import structlog

from message_store.domain.fold import PoisonRecord
from message_store.projector.event_reader import ConsumedRecord
from message_store.storage.port import PartitionProgress, WrongLog

log = structlog.get_logger()


class SequenceCheck:
    def __init__(self) -> None:
        self._expected: dict[int, int] = {}
        """The next offset to accept: everything below is written or in flight."""
        self._last_applied: dict[int, str] = {}
        """The id of the event that the first record must hold, by partition just begun."""

    def begin(self, progress: PartitionProgress) -> int:
        """Expect what comes after `progress`; return the offset to read from. It is the last applied record,
        if the database knows its id, to be verified first of all."""
        partition, next_offset = progress.partition, progress.next_offset
        self._expected[partition] = next_offset
        if not next_offset or progress.last_id is None:
            return next_offset
        self._last_applied[partition] = progress.last_id
        return next_offset - 1

    def forget(self, partition: int) -> None:
        """Accept nothing of this partition until it is begun."""
        self._expected.pop(partition, None)
        self._last_applied.pop(partition, None)

    def accept(self, partition: int, records: Sequence[ConsumedRecord]) -> Sequence[ConsumedRecord] | None:
        """Return the records to project; None if they are not the ones that come next. Raises WrongLog when
        the last applied record is not the one that the database knows."""
        if partition not in self._expected:
            return ()
        start = self._expected[partition]
        if partition in self._last_applied:
            self._verify_last_applied(partition, start - 1, records[0])
            records = records[1:]
        if [each.record.offset for each in records] != list(range(start, start + len(records))):
            got = records[0].record.offset
            log.error("projector.misread", partition=partition, expected=start, got=got)
            return None
        self._expected[partition] += len(records)
        return records

    def _verify_last_applied(self, partition: int, offset: int, consumed: ConsumedRecord) -> None:
        expected, (record, event) = self._last_applied.pop(partition), consumed
        actual = None if record.offset != offset or isinstance(event, PoisonRecord) else event.id
        if actual != expected:
            raise WrongLog(
                f"at offset {offset} of partition {partition} the database has event {expected}, but "
                f"the log has {actual}: they do not belong together; check KAFKA_BOOTSTRAP, TOPIC_PREFIX "
                "and DATABASE_URL"
            )
