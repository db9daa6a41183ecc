"""Batches on their way into the database: while one is written, the next is folded upon it."""

import asyncio
import collections
from collections.abc import Awaitable, Sequence
from typing import NamedTuple

import structlog
from prometheus_client import Counter, Histogram

from message_store.domain import Entry
from message_store.domain.fold import Arrival, Folded, GivenUp
from message_store.projector.batch import Draft, draft
from message_store.projector.partition_ownership import Tenure
from message_store.projector.publisher import Publisher
from message_store.projector.state_cache import StateCache, knowing
from message_store.storage.port import Known, LostRace, Store, Unavailable
from shared.log.dead_letters import DeadLetters
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_events = Counter("projector_events_total", "Events projected", ["outcome"])
_commits = Histogram("projector_commit_seconds", "Waiting for the database to write one batch")


class _UnderWay(NamedTuple):
    draft: Draft
    commit: asyncio.Task[Known]


class Pipeline:
    """No partition is claimed or begun anew while a batch is under way."""

    def __init__(
        self,
        store: Store,
        states: StateCache,
        publisher: Publisher,
        tenure: Tenure,
        dead_letters: DeadLetters,
        topic: str,
    ) -> None:
        """`topic`: where the dead letters come from."""
        self._store = store
        self._states = states
        self._publisher = publisher
        self._tenure = tenure
        self._dead_letters = dead_letters
        self._topic = topic
        self._under_way: _UnderWay | None = None

    @property
    def busy(self) -> bool:
        return self._under_way is not None

    async def put(self, arrivals: Sequence[Arrival], *, more: bool) -> None:
        """What comes next. It is folded upon what is under way, which is then finished, and written; with
        `more` to come it is left under way."""
        made = await self._foreseen(arrivals)
        if await self.finish() and made is not None:
            await self._write(made, more=more)
        else:
            ours = [each for each in arrivals if each.record.partition in self._tenure.next]
            try:
                await self._alone(ours)
            except (Unavailable, LostRace) as error:
                self._doubt(ours, error)

    async def finish(self) -> bool:
        """What is under way is written and told, or doubted. Whether it was written as it was folded: else
        what was folded upon it is moot."""
        if self._under_way is None:
            return True
        made, commit = self._under_way
        with _commits.time():
            await asyncio.wait([commit])  # who is cancelled here leaves it under way
        self._under_way = None
        return await self._landed(made, commit)

    async def end(self, patience: float) -> None:
        """Finish, or give up after so many seconds."""
        if self._under_way is not None:
            commit = self._under_way.commit
            _, late = await asyncio.wait([commit], timeout=patience)
            if late:
                self._under_way = None
                commit.cancel()
                await asyncio.wait([commit])
        await self.finish()

    async def _foreseen(self, arrivals: Sequence[Arrival]) -> Draft | None:
        """None: it cannot be folded now. Why is seen once nothing is under way."""
        try:
            return await self._fold(arrivals)
        except MemoryError:
            raise
        except Exception:
            return None

    async def _fold(self, arrivals: Sequence[Arrival]) -> Draft:
        """Raises Unavailable."""
        ahead = self._under_way.draft.after if self._under_way else {}
        before = await self._states.load(arrivals, ahead)
        failpoint("projector.loaded")
        return draft(arrivals, before, self._published(arrivals))

    def _published(self, arrivals: Sequence[Arrival]) -> dict[int, int]:
        return self._tenure.published({arrival.record.partition for arrival in arrivals})

    async def _write(self, made: Draft, *, more: bool) -> None:
        commit = self._store.commit(made.changes)
        if more:
            self._under_way = _UnderWay(made, asyncio.create_task(commit))
            await asyncio.sleep(0)  # so that it is on its way when the next one is folded
        else:
            with _commits.time():
                await self._landed(made, commit)

    async def _alone(self, arrivals: Sequence[Arrival]) -> None:
        """With nothing under way. Raises Unavailable, LostRace."""
        if not arrivals:
            return
        try:
            made = await self._fold(arrivals)
        except (Unavailable, MemoryError):
            raise
        except Exception as error:
            await self._narrow(arrivals, error)
        else:
            await self._land(made, self._store.commit(made.changes))

    async def _land(self, made: Draft, commit: Awaitable[Known]) -> bool:
        """Whether it was written as it was folded. Raises Unavailable, LostRace."""
        as_folded = True
        try:
            while known := await commit:
                as_folded = False
                made = draft(made.arrivals, knowing(made.before, known), self._published(made.arrivals))
                commit = self._store.commit(made.changes)
        except (Unavailable, LostRace, MemoryError):
            raise
        except Exception as error:
            await self._narrow(made.arrivals, error)
            return False
        failpoint("projector.committed")
        self._states.keep(made.after, made.batch)
        self._tenure.advance(made.moves)
        self._publisher.tell(made.batch)
        _count(made.batch)
        return as_folded

    async def _landed(self, made: Draft, commit: Awaitable[Known]) -> bool:
        """The same; but False when it is doubted."""
        try:
            return await self._land(made, commit)
        except (Unavailable, LostRace) as error:
            self._doubt(made.arrivals, error)
            return False

    async def _narrow(self, arrivals: Sequence[Arrival], error: Exception) -> None:
        """Something of the batch cannot be folded or written: halve it until the one record is found."""
        for arrival in arrivals:
            self._states.drop(arrival.record.partition)
        if middle := len(arrivals) // 2:
            await self._alone(arrivals[:middle])
            await self._alone(arrivals[middle:])
        elif not isinstance(arrivals[0].event, GivenUp):
            record, reason = arrivals[0].record, _blamed(error)
            await self._dead_letters.publish(self._topic, record, reason)
            await self._alone([Arrival(record, GivenUp(reason))])
        else:
            raise error

    def _doubt(self, arrivals: Sequence[Arrival], error: Exception) -> None:
        """Nobody knows whether these were written, or whose they are."""
        log.warning("projector.interrupted", reason=repr(error))
        self._tenure.doubt({arrival.record.partition for arrival in arrivals})


def _blamed(error: Exception) -> str:
    """Without what the error quotes: that may be somebody's words."""
    diagnosis = getattr(getattr(error, "diag", None), "message_primary", None)
    return f"{type(error).__name__}: {diagnosis}" if diagnosis else type(error).__name__


def _count(batch: list[Folded]) -> None:
    kinds = collections.Counter(map(_kind, batch))
    for kind, count in kinds.items():
        _events.labels(kind).inc(count)


def _kind(folded: Folded) -> str:
    return "entry" if isinstance(folded.outcome, Entry) else type(folded.outcome).__name__.lower()
