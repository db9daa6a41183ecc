"""The projector: read → load → fold → write → publish."""

import asyncio
import collections

import structlog
from prometheus_client import Counter, Histogram

from message_store.batch import written
from message_store.changes import changes
from message_store.domain import Entry
from message_store.fold import Arrival, Folded
from message_store.intake import Intake, Taken
from message_store.publisher import Publisher
from message_store.states import StateCache
from message_store.store import LostRace, Store, Unavailable, WrongLog
from message_store.tenure import Reassigned, Tenure, standing
from shared.codec import Undecodable
from shared.dead_letters import DeadLetters
from shared.events import Event, LogOpened
from shared.failpoints import failpoint
from shared.kafka.types import ConsumerPort
from shared.log_identity import LogIdentity

log = structlog.get_logger()

_events = Counter("projector_events_total", "Events projected", ["outcome"])
_commits = Histogram("projector_commit_seconds", "Load, fold and write of one batch")

BATCH = 1_000


class Projector:
    def __init__(
        self,
        consumer: ConsumerPort,
        store: Store,
        publisher: Publisher,
        dead_letters: DeadLetters,
        identity: LogIdentity,
        topic: str,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._identity = identity
        self._topic = topic
        self._states = StateCache(store)
        self._intake = Intake(consumer, identity.partitions)
        self.tenure = Tenure(consumer, self._intake, store, self._states, publisher, identity)

    async def run(self) -> None:
        """For ever. Raises WrongLog, and whatever cannot be mended by trying again."""
        while True:
            await self.step()

    async def step(self, wait: float = 1.0) -> None:
        """One batch, or up to `wait` seconds without one."""
        try:
            await self.tenure.establish()
        except Reassigned:
            return
        taken = await self._intake.take(BATCH, wait)
        if not self.tenure.current:
            return
        if self._intake.full:
            await self._project_and_read(taken)
        else:
            await self._project(taken)

    async def settle(self) -> None:
        """Before the end: let what is committed be told, and say so in the database. Raises Unavailable,
        LostRace: then somebody tells it again."""
        await self._publisher.drained(2.0)
        published = self.tenure.published()
        owned = await self._store.owned(list(published))
        if owned:
            await self._store.commit(changes([], {}, standing(list(owned.values()), published)))

    async def _project_and_read(self, taken: dict[int, list[Taken]]) -> None:
        """While the database writes this batch, the next one is read (and the last one told)."""
        reading = asyncio.create_task(self._intake.read_ahead(BATCH))
        try:
            await self._project(taken)
        except BaseException:
            reading.cancel()  # it may wait for the group
            await asyncio.wait([reading])
            raise
        await reading

    async def _project(self, taken: dict[int, list[Taken]]) -> None:
        arrivals = [
            Arrival(each.record, await self._admitted(each))
            for partition in sorted(taken)
            for each in self.tenure.due(partition, taken[partition])
        ]
        if not arrivals:
            return
        try:
            await self._apply(arrivals)
        except (Unavailable, LostRace) as error:
            log.warning("projector.interrupted", reason=repr(error))
            self.tenure.doubt({arrival.record.partition for arrival in arrivals})

    async def _admitted(self, taken: Taken) -> Event | None:
        record, event = taken
        if isinstance(event, Undecodable):
            await self._dead_letters.bury(self._topic, record, str(event))
            failpoint("projector.buried")
            return None
        if isinstance(event, LogOpened) and event.data.epoch != self._identity.epoch:
            raise WrongLog(f"partition {record.partition} begins another log: {event.data.epoch}")
        return event

    async def _apply(self, arrivals: list[Arrival]) -> None:
        """Commit the batch; when some row of it cannot be written, halve it until the one record is found."""
        try:
            await self._commit(arrivals)
        except (Unavailable, LostRace, MemoryError):
            raise
        except Exception as error:
            for arrival in arrivals:
                self._states.drop(arrival.record.partition)
            if len(arrivals) > 1:
                middle = len(arrivals) // 2
                await self._apply(arrivals[:middle])
                await self._apply(arrivals[middle:])
            elif arrivals[0].event is not None:
                record = arrivals[0].record
                await self._dead_letters.bury(self._topic, record, _blamed(error))
                await self._commit([Arrival(record, None)])
            else:
                raise

    async def _commit(self, arrivals: list[Arrival]) -> None:
        with _commits.time():
            batch, moves = await written(self._store, self._states, arrivals, self.tenure.published())
        failpoint("projector.committed")
        self.tenure.advance(moves)
        self._publisher.tell(batch)
        _count(batch)


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
