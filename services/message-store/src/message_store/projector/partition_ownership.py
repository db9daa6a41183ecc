"""Which partitions this projector owns, and how far each is projected.

The group assigns partitions; the claim on `progress` and the compare-and-set of each commit fence a projector
that lost one and has not noticed yet. Whatever goes wrong between two commits, the partition begins again
from what the database holds (`_begin`): there is no other way back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import structlog

from message_store.domain.fold import FoldResult
from message_store.domain.rows import ProgressUpdate
from message_store.projector.back_pressure import BackPressure
from message_store.projector.event_reader import ConsumedRecord
from message_store.projector.outbox import requeue_unpublished
from message_store.projector.publisher import Publisher
from message_store.projector.sequence_check import SequenceCheck
from message_store.projector.state_cache import StateCache
from message_store.read_models.journal import UnknownJournalKind
from message_store.storage.port import PartitionProgress, Store, Unavailable, WrongLog
from shared.kafka.types import ConsumerPort
from shared.log.log_epoch import LogIdentity
from shared.runtime.back_off import BackOff
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()
T = TypeVar("T")

REBALANCE_GRACE_SECONDS = 1.0
"""Within this time a member of the group learns of a rebalance."""
MIN_RETRY_INTERVAL_SECONDS, MAX_RETRY_INTERVAL_SECONDS = 0.05, 1.0


class RebalanceDetected(Exception):
    """The group assigned the partitions anew: what was in progress no longer counts."""


class PartitionOwnership:
    def __init__(
        self,
        consumer: ConsumerPort,
        store: Store,
        states: StateCache,
        publisher: Publisher,
        identity: LogIdentity,
    ) -> None:
        self.next: dict[int, int] = {}
        """The next offset to be written, by partition that is owned and certain."""
        self.stopped: set[int] = set()
        """Partitions that wait for a release that knows the type of their next event."""
        self.is_waiting = False
        """Whether the last call to the database or to Kafka failed and is being retried."""
        self.back_pressure = BackPressure(consumer, publisher)
        self._consumer = consumer
        self._store = store
        self._states = states
        self._publisher = publisher
        self._identity = identity
        self._sequence = SequenceCheck()
        self._claimed_revision = 0
        self._uncertain: set[int] = set()

    @property
    def assignment_is_current(self) -> bool:
        """Whether the assignment is still the one that was claimed."""
        return self._consumer.revision == self._claimed_revision

    @property
    def is_stable(self) -> bool:
        """Whether `ensure_claimed` has nothing to do."""
        return self.assignment_is_current and not self._uncertain

    async def ensure_claimed(self) -> None:
        """Claim the assigned partitions, begin the uncertain ones again, and apply back-pressure. Waits for
        the database as long as it takes. Raises RebalanceDetected, WrongLog."""
        while not self.assignment_is_current:  # it may change during a claim
            await self._claim_assignment()
        if self._uncertain:
            await self._recover()
        self.back_pressure.apply(self.next.keys() - self.stopped)

    def accept_in_sequence(
        self, partition: int, records: Sequence[ConsumedRecord]
    ) -> Sequence[ConsumedRecord]:
        """Return the records to project: exactly those that come next, or none. Raises WrongLog."""
        accepted = self._sequence.accept(partition, records)
        if accepted is None:
            self.invalidate([partition])
        return accepted or ()

    def advance(self, updates: Iterable[ProgressUpdate]) -> None:
        """Note what was committed. A partition that was invalidated meanwhile stays so."""
        self.next.update(
            {each.partition: each.next_offset for each in updates if each.partition in self.next}
        )

    def invalidate(self, partitions: Iterable[int]) -> None:
        """Begin these again before going on: a commit may or may not have been written, or they were lost."""
        for partition in partitions:
            self._forget(partition)
            self._consumer.pause(partition)
            self._uncertain.add(partition)

    def stop(self, partition: int) -> None:
        """Read no further in this partition until it is claimed or begun again."""
        self._consumer.pause(partition)
        self.stopped.add(partition)

    def published(self, partitions: Iterable[int]) -> dict[int, int]:
        """Return, of those that are certain, the offset below which every entry is confirmed."""
        return {p: self._publisher.published(p, self.next[p]) for p in partitions if p in self.next}

    async def _claim_assignment(self) -> None:
        self._claimed_revision = self._consumer.revision
        for partition in {*self.next, *self._uncertain}:
            self._forget(partition)
        self._publisher.drop_all()  # also of partitions whose claim a rebalance interrupted
        self._uncertain.clear()
        partitions = sorted(self._consumer.partitions)
        await self._begin_all(await self._claim(partitions))
        log.info("projector.claimed", partitions=partitions)

    async def _claim(self, partitions: list[int]) -> dict[int, PartitionProgress]:
        """Become the owner. Read the ends of the log afterwards: before the claim, another projector may
        still advance beyond them."""
        claimed = await self._retry(lambda: self._store.claim(self._identity, partitions))
        failpoint("projector.claimed")
        ends = await self._retry(lambda: self._consumer.end_offsets(partitions))
        for partition, progress in claimed.items():
            if ends[partition] < progress.next_offset:
                raise WrongLog(
                    f"partition {partition} of the log ends at {ends[partition]}, but the database has it "
                    f"applied up to {progress.next_offset}: the log lost records, or is not the one it was; "
                    "restore it, or have this log projected into a new database (DATABASE_URL)"
                )
        return claimed

    async def _recover(self) -> None:
        uncertain = sorted(self._uncertain)
        owned = await self._retry(lambda: self._store.owned(uncertain))
        await self._begin_all(owned)
        if lost := [partition for partition in uncertain if partition not in owned]:
            await self._reclaim(lost)
        self._uncertain.clear()

    async def _reclaim(self, lost: list[int]) -> None:
        """Another projector claimed these. Either a rebalance is under way, or a former owner claimed late:
        if no rebalance shows within REBALANCE_GRACE_SECONDS, claim again."""
        log.warning("projector.fenced", partitions=lost)
        for partition in lost:
            self._publisher.drop(partition)
        await asyncio.sleep(REBALANCE_GRACE_SECONDS)
        if not self.assignment_is_current:
            raise RebalanceDetected
        await self._begin_all(await self._claim(lost))

    async def _begin_all(self, owned: dict[int, PartitionProgress]) -> None:
        starts: dict[int, int] = {}
        for partition, progress in sorted(owned.items()):
            try:
                starts[partition] = await self._begin(progress)
            except UnknownJournalKind as error:
                log.error(
                    "projector.unknown_journal_kind",
                    partition=partition,
                    kind=str(error),
                    reason="the partition waits for a release that knows this kind",
                )
                self._publisher.drop(partition)
                self.stop(partition)
        for partition, offset in starts.items():  # all at once: see Consumer
            self._consumer.seek(partition, offset)

    async def _begin(self, progress: PartitionProgress) -> int:
        """Start anew from what the database holds. Return the offset to read from."""
        self._forget(progress.partition)
        await requeue_unpublished(progress, self._read_outbox, self._publisher)
        self.next[progress.partition] = progress.next_offset
        return self._sequence.begin(progress)

    async def _read_outbox(self, partition: int, start: int, limit: int) -> Sequence[FoldResult]:
        return await self._retry(lambda: self._store.unpublished(partition, start, limit))

    def _forget(self, partition: int) -> None:
        self._states.drop(partition)
        self._sequence.forget(partition)
        self.back_pressure.forget(partition)
        self.next.pop(partition, None)
        self.stopped.discard(partition)

    async def _retry(self, call: Callable[[], Awaitable[T]]) -> T:
        """Repeat the call until it succeeds. Raises RebalanceDetected."""
        back_off = BackOff(MIN_RETRY_INTERVAL_SECONDS, MAX_RETRY_INTERVAL_SECONDS)
        while True:
            try:
                result = await call()
            except (Unavailable, TimeoutError) as error:
                self.is_waiting = True
                log.warning("projector.waiting", reason=str(error))
                await back_off.sleep()
                if not self.assignment_is_current:
                    raise RebalanceDetected from None
            else:
                self.is_waiting = False
                return result


def publish_only_updates(
    progress: Iterable[PartitionProgress], published: Mapping[int, int]
) -> dict[int, ProgressUpdate]:
    """Return updates that move nothing but `published`, by partition, ascending."""
    return {
        each.partition: ProgressUpdate(
            partition=each.partition,
            expected=each.next_offset,
            next_offset=each.next_offset,
            last_id=each.last_id,
            published=published[each.partition],
        )
        for each in sorted(progress, key=lambda each: each.partition)
    }
