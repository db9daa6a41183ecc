"""Batches on their way into the database: while one is written, the next is folded upon it."""

import asyncio
import collections
from collections.abc import Awaitable, Sequence
from typing import NamedTuple

import structlog
from prometheus_client import Counter, Histogram

from message_store.domain.fold import FoldResult, PoisonRecord
from message_store.domain.outcomes import NoEntry
from message_store.domain.state import ExistingMessages, States
from message_store.projector.batch import FoldedBatch, fold_batch
from message_store.projector.event_reader import ConsumedRecord
from message_store.projector.partition_ownership import PartitionOwnership
from message_store.projector.publisher import Publisher
from message_store.projector.state_cache import StateCache
from message_store.storage.port import OwnershipLost, Store, Unavailable
from shared.log.dead_letters import DeadLetters
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_events = Counter("projector_events_total", "Events projected", ["outcome"])
_commits = Histogram("projector_commit_seconds", "Waiting for the database to write one batch")


class _InFlight(NamedTuple):
    folded: FoldedBatch
    commit: asyncio.Task[ExistingMessages]


class Pipeline:
    """No partition is claimed or begun anew while a batch is under way."""

    def __init__(
        self,
        store: Store,
        states: StateCache,
        publisher: Publisher,
        ownership: PartitionOwnership,
        dead_letters: DeadLetters,
        topic: str,
    ) -> None:
        """`topic`: where the dead letters come from."""
        self._store = store
        self._states = states
        self._publisher = publisher
        self._ownership = ownership
        self._dead_letters = dead_letters
        self._topic = topic
        self._in_flight: _InFlight | None = None

    @property
    def is_busy(self) -> bool:
        return self._in_flight is not None

    async def put(self, consumed: Sequence[ConsumedRecord], *, more: bool) -> None:
        """What comes next. It is folded upon what is under way, which is then finished, and written; with
        `more` to come it is left under way."""
        folded = await self._try_fold(consumed)
        if await self.finish() and folded is not None:
            await self._write(folded, more=more)
        else:
            ours = [each for each in consumed if each.record.partition in self._ownership.next]
            try:
                await self._process_serially(ours)
            except (Unavailable, OwnershipLost) as error:
                self._invalidate(ours, error)

    async def finish(self) -> bool:
        """What is under way is written and told, or doubted. Whether it was written as it was folded: else
        what was folded upon it is moot."""
        if self._in_flight is None:
            return True
        folded, commit = self._in_flight
        with _commits.time():
            await asyncio.wait([commit])  # who is cancelled here leaves it under way
        self._in_flight = None
        return await self._settle_commit(folded, commit)

    async def end(self, patience: float) -> None:
        """Finish, or give up after so many seconds."""
        if self._in_flight is not None:
            commit = self._in_flight.commit
            _, late = await asyncio.wait([commit], timeout=patience)
            if late:
                self._in_flight = None
                commit.cancel()
                await asyncio.wait([commit])
        await self.finish()

    async def _try_fold(self, consumed: Sequence[ConsumedRecord]) -> FoldedBatch | None:
        """None: it cannot be folded now. Why is seen once nothing is under way."""
        try:
            return await self._fold(consumed)
        except MemoryError:
            raise
        except Exception:
            return None

    async def _fold(self, consumed: Sequence[ConsumedRecord]) -> FoldedBatch:
        """Raises Unavailable."""
        in_flight = self._in_flight.folded.after if self._in_flight else States()
        before = await self._states.load(consumed, in_flight)
        failpoint("projector.loaded")
        return fold_batch(consumed, before, self._published(consumed))

    def _published(self, consumed: Sequence[ConsumedRecord]) -> dict[int, int]:
        return self._ownership.published({each.record.partition for each in consumed})

    async def _write(self, folded: FoldedBatch, *, more: bool) -> None:
        commit = self._store.commit(folded.write_set)
        if more:
            self._in_flight = _InFlight(folded, asyncio.create_task(commit))
            await asyncio.sleep(0)  # so that it is on its way when the next one is folded
        else:
            with _commits.time():
                await self._settle_commit(folded, commit)

    async def _process_serially(self, consumed: Sequence[ConsumedRecord]) -> None:
        """With nothing under way. Raises Unavailable, OwnershipLost."""
        if not consumed:
            return
        try:
            folded = await self._fold(consumed)
        except (Unavailable, MemoryError):
            raise
        except Exception as error:
            await self._bisect(consumed, error)
        else:
            await self._commit(folded, self._store.commit(folded.write_set))

    async def _commit(self, folded: FoldedBatch, commit: Awaitable[ExistingMessages]) -> bool:
        """Whether it was written as it was folded. Raises Unavailable, OwnershipLost."""
        as_folded = True
        try:
            while existing := await commit:
                as_folded = False
                folded = fold_batch(
                    folded.consumed, folded.before.with_messages(existing), self._published(folded.consumed)
                )
                commit = self._store.commit(folded.write_set)
        except (Unavailable, OwnershipLost, MemoryError):
            raise
        except Exception as error:
            await self._bisect(folded.consumed, error)
            return False
        failpoint("projector.committed")
        self._states.keep(folded.after, folded.results)
        self._ownership.advance(folded.updates)
        self._publisher.enqueue(folded.results)
        _count(folded.results)
        return as_folded

    async def _settle_commit(self, folded: FoldedBatch, commit: Awaitable[ExistingMessages]) -> bool:
        """The same; but False when it is doubted."""
        try:
            return await self._commit(folded, commit)
        except (Unavailable, OwnershipLost) as error:
            self._invalidate(folded.consumed, error)
            return False

    async def _bisect(self, consumed: Sequence[ConsumedRecord], error: Exception) -> None:
        """Something of the batch cannot be folded or written: halve it until the one record is found."""
        for each in consumed:
            self._states.drop(each.record.partition)
        if middle := len(consumed) // 2:
            await self._process_serially(consumed[:middle])
            await self._process_serially(consumed[middle:])
        elif not isinstance(consumed[0].event, PoisonRecord):
            record, reason = consumed[0].record, _error_label(error)
            await self._dead_letters.bury(self._topic, record, reason)
            await self._process_serially([ConsumedRecord(record, PoisonRecord(reason))])
        else:
            raise error

    def _invalidate(self, consumed: Sequence[ConsumedRecord], error: Exception) -> None:
        """Nobody knows whether these were written, or whose they are."""
        log.warning("projector.interrupted", reason=repr(error))
        self._ownership.invalidate({each.record.partition for each in consumed})


def _error_label(error: Exception) -> str:
    """Without what the error quotes: that may be somebody's words."""
    diagnosis = getattr(getattr(error, "diag", None), "message_primary", None)
    return f"{type(error).__name__}: {diagnosis}" if diagnosis else type(error).__name__


def _count(batch: list[FoldResult]) -> None:
    kinds = collections.Counter(map(_kind, batch))
    for kind, count in kinds.items():
        _events.labels(kind).inc(count)


def _kind(folded: FoldResult) -> str:
    return type(folded.outcome).__name__.lower() if isinstance(folded.outcome, NoEntry) else "entry"
