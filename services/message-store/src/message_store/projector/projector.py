"""The projector: read → load → fold → write → publish."""

from message_store.domain.fold import Arrival, Aside, GivenUp
from message_store.projector.event_reader import Intake
from message_store.projector.partition_ownership import Reassigned, Tenure, standing
from message_store.projector.pipeline import Pipeline
from message_store.projector.publisher import Publisher
from message_store.projector.state_cache import StateCache
from message_store.read_models.changes import changes
from message_store.storage.port import Store, WrongLog
from shared.kafka.types import ConsumerPort, Record
from shared.log.dead_letters import DeadLetters
from shared.log.log_epoch import LogIdentity
from shared.runtime.failpoints import failpoint

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
        states = StateCache(store)
        self._intake = Intake(consumer, identity.partitions)
        self.tenure = Tenure(consumer, store, states, publisher, identity)
        self._pipeline = Pipeline(store, states, publisher, self.tenure, dead_letters, topic)

    async def run(self) -> None:
        """For ever. Raises WrongLog, and whatever cannot be mended by trying again."""
        while True:
            await self.step()

    async def step(self, wait: float = 1.0) -> None:
        """One batch, or up to `wait` seconds without one. A full one is left under way: while the database
        writes it, the next step reads what comes after it, and folds that upon it."""
        if not self.tenure.sound:
            await self._pipeline.finish()
        try:
            await self.tenure.establish()
        except Reassigned:
            return
        taken = await self._intake.take(BATCH, 0 if self._pipeline.busy else wait)
        if self.tenure.current:
            await self._project(taken)

    async def settle(self) -> None:
        """Before the end, and not in a task that was cancelled: let what is committed be told, and say so in
        the database. Raises Unavailable, LostRace: then somebody tells it again."""
        await self._pipeline.end(2.0)
        await self._publisher.drained(2.0)
        published = self.tenure.published(self.tenure.next)
        owned = await self._store.owned(list(published))
        if owned:
            await self._store.commit(changes([], {}, {}, standing(list(owned.values()), published)))

    async def _project(self, taken: dict[int, list[Arrival]]) -> None:
        arrivals = [
            arrival for partition in sorted(taken) for arrival in self.tenure.due(partition, taken[partition])
        ]
        for arrival in arrivals:
            if isinstance(arrival.event, Aside):
                await self._heed(arrival.record, arrival.event)
        if arrivals:
            await self._pipeline.put(arrivals, more=self._intake.full)
        else:
            await self._pipeline.finish()

    async def _heed(self, record: Record, event: Aside) -> None:
        """Raises WrongLog."""
        if isinstance(event, GivenUp):
            await self._dead_letters.publish(self._topic, record, event.reason)
            failpoint("projector.buried")
        elif event.data.epoch != self._identity.epoch:
            raise WrongLog(f"partition {record.partition} begins another log: {event.data.epoch}")
