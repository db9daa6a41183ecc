"""Load → fold → write → publish, one batch after the other; the next is folded while one is written."""

import asyncio
import collections
import time
from collections.abc import Awaitable, Iterable, Sequence
from typing import NamedTuple

import structlog
from prometheus_client import Counter, Histogram

from message_store.domain.fold import FoldResult, PoisonRecord
from message_store.domain.state import ExistingMessages, States
from message_store.projector.batch import FoldedBatch, fold_batch
from message_store.projector.batch_tracing import BatchTracing, outcome_label
from message_store.projector.event_reader import ConsumedRecord
from message_store.projector.partition_ownership import PartitionOwnership
from message_store.projector.publisher import Publisher
from message_store.projector.state_cache import StateCache
from message_store.storage.port import OwnershipLost, Store, Unavailable
from shared.log.dead_letters import DeadLetters
from shared.metrics.delays import DelayHistogram
from shared.runtime.failpoints import failpoint
from shared.tracing.port import NO_TRACER, Tracer

log = structlog.get_logger()

_events = Counter("projector_events_total", "Events projected.", ["outcome"])
_commits = Histogram("projector_commit_seconds", "Waiting for the database to write one batch.")
_commit_delay = DelayHistogram(
    "projector_commit_delay_seconds", "From an event's acceptance until PostgreSQL has committed it."
)

Part = Sequence[ConsumedRecord]


class _InFlight(NamedTuple):
    folded: FoldedBatch
    commit: asyncio.Task[ExistingMessages]


class Pipeline:
    """At most one batch is in flight. While one is, no partition may be claimed or begun again."""

    def __init__(
        self,
        store: Store,
        states: StateCache,
        publisher: Publisher,
        ownership: PartitionOwnership,
        dead_letters: DeadLetters,
        topic: str,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        """`topic`: the one that the records are read from."""
        self._store = store
        self._states = states
        self._publisher = publisher
        self._ownership = ownership
        self._dead_letters = dead_letters
        self._topic = topic
        self._tracing = BatchTracing(tracer, topic) if tracer.is_on else None
        self._in_flight: _InFlight | None = None

    @property
    def is_busy(self) -> bool:
        return self._in_flight is not None

    async def submit(self, consumed: Part, *, more: bool) -> None:
        """Fold the next batch on top of the one in flight, wait for that commit, then commit this one; with
        `more=True` return without waiting."""
        folded = await self._try_fold(consumed)
        if await self.finish() and folded is not None:
            await self._write(folded, more=more)
        else:
            owned = [each for each in consumed if each.record.partition in self._ownership.next]
            await self._process_serially([owned] if owned else [])

    async def finish(self) -> bool:
        """Wait for the commit in flight and publish it, or invalidate its partitions. Return whether it was
        written as it was folded; if not, what was folded on top of it is void."""
        if self._in_flight is None:
            return True
        folded, commit = self._in_flight
        with _commits.time():
            await asyncio.wait([commit])  # if this is cancelled the commit stays in flight
        self._in_flight = None
        return await self._settle(folded, commit)

    async def end(self, within: float) -> None:
        """Finish, or cancel the commit in flight after `within` seconds."""
        if self._in_flight is not None:
            commit = self._in_flight.commit
            _, late = await asyncio.wait([commit], timeout=within)
            if late:
                self._in_flight = None
                commit.cancel()
                await asyncio.wait([commit])
        await self.finish()

    async def _try_fold(self, consumed: Part) -> FoldedBatch | None:
        """Return None if it cannot be folded now; once nothing is in flight, folding it again shows why."""
        try:
            return await self._load_and_fold(consumed)
        except MemoryError:
            raise
        except Exception:
            return None

    async def _load_and_fold(self, consumed: Part) -> FoldedBatch:
        """Raises Unavailable, and whatever a record causes."""
        started_at = time.time_ns()
        in_flight = self._in_flight.folded.after if self._in_flight else States()
        before = await self._states.load(consumed, in_flight)
        failpoint("projector.loaded")
        return self._fold(consumed, before, started_at)

    def _fold(self, consumed: Part, before: States, started_at: int) -> FoldedBatch:
        published = self._ownership.published({each.record.partition for each in consumed})
        return fold_batch(consumed, before, published, started_at)

    async def _write(self, folded: FoldedBatch, *, more: bool) -> None:
        commit = self._store.commit(folded.write_set)
        if more:
            self._in_flight = _InFlight(folded, asyncio.create_task(commit))
            await asyncio.sleep(0)  # so that it is on its way when the next one is folded
        else:
            with _commits.time():
                await self._settle(folded, commit)

    async def _settle(self, folded: FoldedBatch, commit: Awaitable[ExistingMessages]) -> bool:
        """Return whether the batch was written as it was folded; its results are then queued for the
        publisher."""
        try:
            return await self._finish_commit(folded, commit)
        except (Unavailable, OwnershipLost) as error:
            self._invalidate(folded.consumed, error)
        except MemoryError:
            raise
        except Exception as error:
            await self._process_serially(await self._bisect(folded.consumed, error))
        return False

    async def _finish_commit(self, folded: FoldedBatch, commit: Awaitable[ExistingMessages]) -> bool:
        """Wait for the commit; while the database knows messages that the batch counts as new, fold and
        commit it again. Then queue the results for publishing. Return whether the first commit was written.
        Raises Unavailable, OwnershipLost, and whatever a record causes."""
        as_folded = True
        while existing := await commit:
            as_folded = False
            before = folded.before.with_messages(existing)
            folded = self._fold(folded.consumed, before, folded.started_at)
            commit = self._store.commit(folded.write_set)
        failpoint("projector.committed")
        self._states.keep(folded.after, folded.results)
        self._ownership.advance(folded.updates)
        self._publisher.enqueue(folded.results, self._tracing.committed(folded) if self._tracing else {})
        _commit_delay.observe_since(result.time for result in folded.results)
        _count(folded.results)
        return as_folded

    async def _process_serially(self, parts: Sequence[Part]) -> None:
        """Load, fold, write and publish one part after the other, with nothing in flight. A part that fails
        is halved until the record that causes it is alone; that one is dead-lettered, and its offset is
        written as poison. If the database is away or a partition was lost, the rest is invalidated."""
        remaining = list(reversed(parts))
        while remaining:
            part = remaining.pop()
            try:
                folded = await self._load_and_fold(part)
                await self._finish_commit(folded, self._store.commit(folded.write_set))
            except (Unavailable, OwnershipLost) as error:
                self._invalidate((each for rest in (part, *remaining) for each in rest), error)
                return
            except MemoryError:
                raise
            except Exception as error:
                remaining += reversed(await self._bisect(part, error))

    async def _bisect(self, part: Part, error: Exception) -> list[Part]:
        """Return the halves of a part that failed; of a single record a poison record, once dead-lettered.
        Raises `error` if even that one failed."""
        for each in part:
            self._states.drop(each.record.partition)
        if middle := len(part) // 2:
            return [part[:middle], part[middle:]]
        record, event = part[0]
        if isinstance(event, PoisonRecord):
            raise error
        reason = _error_label(error)
        await self._dead_letters.publish(self._topic, record, reason)
        return [[ConsumedRecord(record, PoisonRecord(reason))]]

    def _invalidate(self, consumed: Iterable[ConsumedRecord], error: Exception) -> None:
        """These may or may not have been written, or their partitions were lost."""
        log.warning("projector.interrupted", reason=repr(error))
        self._ownership.invalidate({each.record.partition for each in consumed})


def _error_label(error: Exception) -> str:
    """Return the error without what it quotes: that may be personal."""
    diagnosis = getattr(getattr(error, "diag", None), "message_primary", None)
    return f"{type(error).__name__}: {diagnosis}" if diagnosis else type(error).__name__


def _count(results: Iterable[FoldResult]) -> None:
    for outcome, count in collections.Counter(map(outcome_label, results)).items():
        _events.labels(outcome).inc(count)
