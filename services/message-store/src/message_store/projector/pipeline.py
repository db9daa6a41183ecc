"""Batches on their way into the database: while one is written, the next is folded upon it."""

import asyncio
import collections
from collections.abc import Awaitable, Sequence
from typing import NamedTuple

import structlog
from prometheus_client import Counter, Histogram

from message_store.domain import Entry
from message_store.domain.fold import ConsumedEvent, FoldResult, PoisonRecord
from message_store.projector.batch import FoldedBatch, fold_batch
from message_store.projector.partition_ownership import PartitionOwnership
from message_store.projector.publisher import Publisher
from message_store.projector.state_cache import StateCache, with_known_messages
from message_store.storage.port import ExistingMessages, OwnershipLost, Store, Unavailable
from shared.log.dead_letters import DeadLetters
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_events = Counter("projector_events_total", "Events projected", ["outcome"])
_commits = Histogram("projector_commit_seconds", "Waiting for the database to write one batch")


class _InFlight(NamedTuple):
    fold_batch: FoldedBatch
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

    async def put(self, arrivals: Sequence[ConsumedEvent], *, more: bool) -> None:
        """What comes next. It is folded upon what is under way, which is then finished, and written; with
        `more` to come it is left under way."""
        made = await self._try_fold(arrivals)
        if await self.finish() and made is not None:
            await self._write(made, more=more)
        else:
            ours = [each for each in arrivals if each.record.partition in self._ownership.next]
            try:
                await self._process_serially(ours)
            except (Unavailable, OwnershipLost) as error:
                self._invalidate(ours, error)

    async def finish(self) -> bool:
        """What is under way is written and told, or doubted. Whether it was written as it was folded: else
        what was folded upon it is moot."""
        if self._in_flight is None:
            return True
        made, commit = self._in_flight
        with _commits.time():
            await asyncio.wait([commit])  # who is cancelled here leaves it under way
        self._in_flight = None
        return await self._settle_commit(made, commit)

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

    async def _try_fold(self, arrivals: Sequence[ConsumedEvent]) -> FoldedBatch | None:
        """None: it cannot be folded now. Why is seen once nothing is under way."""
        try:
            return await self._fold(arrivals)
        except MemoryError:
            raise
        except Exception:
            return None

    async def _fold(self, arrivals: Sequence[ConsumedEvent]) -> FoldedBatch:
        """Raises Unavailable."""
        ahead = self._in_flight.fold_batch.after if self._in_flight else {}
        before = await self._states.load(arrivals, ahead)
        failpoint("projector.loaded")
        return fold_batch(arrivals, before, self._published(arrivals))

    def _published(self, arrivals: Sequence[ConsumedEvent]) -> dict[int, int]:
        return self._ownership.published({arrival.record.partition for arrival in arrivals})

    async def _write(self, made: FoldedBatch, *, more: bool) -> None:
        commit = self._store.commit(made.changes)
        if more:
            self._in_flight = _InFlight(made, asyncio.create_task(commit))
            await asyncio.sleep(0)  # so that it is on its way when the next one is folded
        else:
            with _commits.time():
                await self._settle_commit(made, commit)

    async def _process_serially(self, arrivals: Sequence[ConsumedEvent]) -> None:
        """With nothing under way. Raises Unavailable, OwnershipLost."""
        if not arrivals:
            return
        try:
            made = await self._fold(arrivals)
        except (Unavailable, MemoryError):
            raise
        except Exception as error:
            await self._bisect(arrivals, error)
        else:
            await self._commit(made, self._store.commit(made.changes))

    async def _commit(self, made: FoldedBatch, commit: Awaitable[ExistingMessages]) -> bool:
        """Whether it was written as it was folded. Raises Unavailable, OwnershipLost."""
        as_folded = True
        try:
            while known := await commit:
                as_folded = False
                made = fold_batch(
                    made.arrivals, with_known_messages(made.before, known), self._published(made.arrivals)
                )
                commit = self._store.commit(made.changes)
        except (Unavailable, OwnershipLost, MemoryError):
            raise
        except Exception as error:
            await self._bisect(made.arrivals, error)
            return False
        failpoint("projector.committed")
        self._states.keep(made.after, made.batch)
        self._ownership.advance(made.progress_updates)
        self._publisher.enqueue(made.batch)
        _count(made.batch)
        return as_folded

    async def _settle_commit(self, made: FoldedBatch, commit: Awaitable[ExistingMessages]) -> bool:
        """The same; but False when it is doubted."""
        try:
            return await self._commit(made, commit)
        except (Unavailable, OwnershipLost) as error:
            self._invalidate(made.arrivals, error)
            return False

    async def _bisect(self, arrivals: Sequence[ConsumedEvent], error: Exception) -> None:
        """Something of the batch cannot be folded or written: halve it until the one record is found."""
        for arrival in arrivals:
            self._states.drop(arrival.record.partition)
        if middle := len(arrivals) // 2:
            await self._process_serially(arrivals[:middle])
            await self._process_serially(arrivals[middle:])
        elif not isinstance(arrivals[0].event, PoisonRecord):
            record, reason = arrivals[0].record, _error_label(error)
            await self._dead_letters.bury(self._topic, record, reason)
            await self._process_serially([ConsumedEvent(record, PoisonRecord(reason))])
        else:
            raise error

    def _invalidate(self, arrivals: Sequence[ConsumedEvent], error: Exception) -> None:
        """Nobody knows whether these were written, or whose they are."""
        log.warning("projector.interrupted", reason=repr(error))
        self._ownership.invalidate({arrival.record.partition for arrival in arrivals})


def _error_label(error: Exception) -> str:
    """Without what the error quotes: that may be somebody's words."""
    diagnosis = getattr(getattr(error, "diag", None), "message_primary", None)
    return f"{type(error).__name__}: {diagnosis}" if diagnosis else type(error).__name__


def _count(batch: list[FoldResult]) -> None:
    kinds = collections.Counter(map(_kind, batch))
    for kind, count in kinds.items():
        _events.labels(kind).inc(count)


def _kind(folded: FoldResult) -> str:
    return "entry" if isinstance(folded.outcome, Entry) else type(folded.outcome).__name__.lower()
