"""Which partitions are ours to project, and where each stands.

The group says whose a partition is; the claim on `progress` and the compare-and-set of each commit fence
whoever has not heard yet. Whatever goes wrong between two commits, a partition begins again from what the
database holds (`_begin`): there is no other way back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

import structlog

from message_store.domain.fold import PoisonRecord
from message_store.domain.rows import ProgressUpdate
from message_store.projector.event_reader import ConsumedRecord
from message_store.projector.publisher import Publisher
from message_store.projector.state_cache import StateCache
from message_store.storage.port import PartitionProgress, Store, Unavailable, WrongLog
from shared.contract.position import after
from shared.kafka.types import ConsumerPort
from shared.log.log_epoch import LogIdentity
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()
T = TypeVar("T")

REBALANCE_GRACE = 1.0  # seconds in which a member of the group hears that it is one no longer


class RebalanceDetected(Exception):
    """The group gave out the partitions anew: what was under way is moot."""


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
        """Per partition that is ours and is_stable: the next offset to be written."""
        self.is_waiting = False
        """For the database, or for Kafka to say where the log ends."""
        self.unpublished = 4 * 1024 * 1024
        """A partition with more bytes than this still to be told stops reading; what was read is folded."""
        self._consumer = consumer
        self._store = store
        self._states = states
        self._publisher = publisher
        self._identity = identity
        self._revision = 0
        self._expected: dict[int, int] = {}
        """The next offset to be taken: what is below is written or under way."""
        self._uncertain: set[int] = set()
        self._last_applied: dict[int, str] = {}
        self._throttled: set[int] = set()
        self.stopped: set[int] = set()
        """Partitions that wait for a release that knows the type of their next event."""

    @property
    def assignment_is_current(self) -> bool:
        """Is the assignment still the one that was claimed?"""
        return self._consumer.revision == self._revision

    @property
    def is_stable(self) -> bool:
        """There is nothing to ensure_claimed."""
        return self.assignment_is_current and not self._uncertain

    async def ensure_claimed(self) -> None:
        """Claim what was assigned, begin again what is uncertain. Raises RebalanceDetected, WrongLog."""
        while not self.assignment_is_current:  # it may change while it is claimed
            await self._claim()
        if self._uncertain:
            await self._recover()
        self._throttle()

    def accept_in_sequence(self, partition: int, taken: list[ConsumedRecord]) -> list[ConsumedRecord]:
        """Of what was read, what comes next: exactly, or nothing. Raises WrongLog when the last applied
        record, read again first of all, is not the one that the database knows."""
        if partition not in self._expected:
            return []
        start = self._expected[partition]
        if partition in self._last_applied:
            self._verify_last_applied(partition, start - 1, taken[0])
            taken = taken[1:]
        if [each.record.offset for each in taken] == list(range(start, start + len(taken))):
            self._expected[partition] += len(taken)
            return taken
        log.error("projector.misread", partition=partition, expected=start, got=taken[0].record.offset)
        self.invalidate([partition])
        return []

    def advance(self, progress_updates: Iterable[ProgressUpdate]) -> None:
        """These were committed. What is doubted meanwhile is asked for anyway."""
        self.next.update({m.partition: m.next_offset for m in progress_updates if m.partition in self.next})

    def invalidate(self, partitions: Iterable[int]) -> None:
        """Nobody knows whether the last commit was done, or whose these are: ask before going on."""
        for partition in partitions:
            self._forget(partition)
            self._consumer.pause(partition)
            self._uncertain.add(partition)

    def stop(self, partition: int) -> None:
        """Read no further in this partition until it is claimed or begun again."""
        self._consumer.pause(partition)
        self.stopped.add(partition)

    def published(self, partitions: Iterable[int]) -> dict[int, int]:
        """Of those that are is_stable: every event below this offset has been told."""
        return {p: self._publisher.published(p, self.next[p]) for p in partitions if p in self.next}

    async def _claim(self) -> None:
        self._revision = self._consumer.revision
        for partition in {*self.next, *self._uncertain}:
            self._forget(partition)
            self._publisher.drop(partition)
        self._uncertain.clear()
        partitions = sorted(self._consumer.partitions)
        await self._begin_all(await self._claimed(partitions))
        log.info("projector.claimed", partitions=partitions)

    async def _claimed(self, partitions: list[int]) -> dict[int, PartitionProgress]:
        """Become the owner. Where each log ends is asked afterwards: before, another may still move on."""
        claimed = await self._retry(lambda: self._store.claim(self._identity, partitions))
        failpoint("projector.claimed")
        ends = await self._retry(lambda: self._consumer.ends(partitions))
        for partition, progress in claimed.items():
            if ends[partition] < progress.next_offset:
                raise WrongLog(
                    f"partition {partition} of the log ends at {ends[partition]}, but the database has it "
                    f"applied up to {progress.next_offset}: the log lost records, or is not the one it was"
                )
        return claimed

    async def _begin_all(self, ours: dict[int, PartitionProgress]) -> None:
        starts = {partition: await self._begin(progress) for partition, progress in sorted(ours.items())}
        for partition, offset in starts.items():  # all at once: see Consumer
            self._consumer.seek(partition, offset)

    async def _recover(self) -> None:
        uncertain = sorted(self._uncertain)
        owned = await self._retry(lambda: self._store.owned(uncertain))
        await self._begin_all(owned)
        if lost := [partition for partition in uncertain if partition not in owned]:
            await self._reclaim(lost)
        self._uncertain.clear()

    async def _reclaim(self, lost: list[int]) -> None:
        """Somebody claimed what the group gave us: its heir, of whom we hear in a moment, or one who was slow
        to claim what it had lost already. If we hear of nothing, it was the latter."""
        log.warning("projector.fenced", partitions=lost)
        for partition in lost:
            self._publisher.drop(partition)
        await asyncio.sleep(REBALANCE_GRACE)
        if not self.assignment_is_current:
            raise RebalanceDetected
        await self._begin_all(await self._claimed(lost))

    async def _begin(self, progress: PartitionProgress) -> int:
        """Where to read from."""
        partition, next_offset = progress.partition, progress.next_offset
        self._forget(partition)
        self._publisher.restart(partition)
        await self._requeue_unpublished(partition, progress.published)
        self.next[partition] = self._expected[partition] = next_offset
        if next_offset and progress.last_id is not None:
            self._last_applied[partition] = progress.last_id
            return next_offset - 1
        return next_offset

    async def _requeue_unpublished(self, partition: int, start: int) -> None:
        while page := await self._retry(lambda: self._store.unpublished(partition, start, 1_000)):  # noqa: B023
            self._publisher.enqueue(page)
            start = after(page[-1].offset)

    def _forget(self, partition: int) -> None:
        self._states.drop(partition)
        self.next.pop(partition, None)
        self._expected.pop(partition, None)
        self._last_applied.pop(partition, None)
        self._throttled.discard(partition)
        self.stopped.discard(partition)

    def _verify_last_applied(self, partition: int, offset: int, taken: ConsumedRecord) -> None:
        expected, (record, event) = self._last_applied.pop(partition), taken
        found = None if record.offset != offset or isinstance(event, PoisonRecord) else event.id
        if found != expected:
            raise WrongLog(
                f"at offset {offset} of partition {partition} the database has event {expected}, but "
                f"the log has {found}: they do not belong together"
            )

    def _throttle(self) -> None:
        for partition in self.next.keys() - self.stopped:
            backlog = self._publisher.backlog(partition)
            if backlog > self.unpublished and partition not in self._throttled:
                self._consumer.pause(partition)
                self._throttled.add(partition)
            elif backlog < self.unpublished // 2 and partition in self._throttled:
                self._consumer.resume(partition)
                self._throttled.discard(partition)

    async def _retry(self, call: Callable[[], Awaitable[T]]) -> T:
        pause = 0.05
        while True:
            try:
                result = await call()
            except (Unavailable, TimeoutError) as error:
                self.is_waiting = True
                log.warning("projector.waiting", reason=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)
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
