"""The projector: read → load → fold → write → publish."""

from message_store.domain.fold import NonConversationRecord, PoisonRecord
from message_store.projector.event_reader import ConsumedRecord, EventReader
from message_store.projector.partition_ownership import (
    PartitionOwnership,
    RebalanceDetected,
    publish_only_updates,
)
from message_store.projector.pipeline import Pipeline
from message_store.projector.publisher import Publisher
from message_store.projector.state_cache import StateCache
from message_store.read_models.write_set import WriteSet
from message_store.storage.port import Store, WrongLog
from shared.kafka.types import ConsumerPort, Record
from shared.log.dead_letters import DeadLetters
from shared.log.log_epoch import LogIdentity
from shared.runtime.failpoints import failpoint
from shared.tracing.port import NO_TRACER, Tracer

MAX_BATCH_RECORDS = 1_000
_DRAIN_TIMEOUT_SECONDS = 2.0


class Projector:
    def __init__(
        self,
        consumer: ConsumerPort,
        store: Store,
        publisher: Publisher,
        dead_letters: DeadLetters,
        identity: LogIdentity,
        topic: str,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        """`topic`: the one that `consumer` reads."""
        self._store = store
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._identity = identity
        self._topic = topic
        states = StateCache(store)
        self.ownership = PartitionOwnership(consumer, store, states, publisher, identity)
        self._reader = EventReader(consumer, identity.partitions, self.ownership.stop)
        self._pipeline = Pipeline(store, states, publisher, self.ownership, dead_letters, topic, tracer)

    async def run(self) -> None:
        """Project until cancelled. Raises WrongLog, and any error that a retry does not mend."""
        while True:
            await self.step()

    async def step(self, wait: float = 1.0) -> None:
        """Project one batch; without records wait up to `wait` seconds for some. A full batch stays in
        flight: the next step reads what comes after it, and folds it while the database writes."""
        if not self.ownership.is_stable:
            await self._pipeline.finish()
        try:
            await self.ownership.ensure_claimed()
        except RebalanceDetected:
            return
        records = await self._reader.read(MAX_BATCH_RECORDS, 0 if self._pipeline.is_busy else wait)
        if self.ownership.assignment_is_current:
            await self._project(records)

    async def settle(self) -> None:
        """Finish the batch in flight, publish what is committed, and record in the database what was
        published; each step may take 2 seconds. Called once, when `run` has ended, from a task that was not
        cancelled. Raises Unavailable, OwnershipLost: the next owner then publishes the rest again."""
        await self._pipeline.end(_DRAIN_TIMEOUT_SECONDS)
        await self._publisher.wait_drained(_DRAIN_TIMEOUT_SECONDS)
        published = self.ownership.published(self.ownership.next)
        owned = await self._store.owned(list(published))
        if owned:
            await self._store.commit(WriteSet(progress=publish_only_updates(owned.values(), published)))

    async def _project(self, records: dict[int, list[ConsumedRecord]]) -> None:
        consumed = [
            each
            for partition in sorted(records)
            for each in self.ownership.accept_in_sequence(partition, records[partition])
        ]
        for record, event in consumed:
            if isinstance(event, NonConversationRecord):
                await self._handle_non_conversation(record, event)
        if consumed:
            await self._pipeline.submit(consumed, more=self._reader.has_more)
        else:
            await self._pipeline.finish()

    async def _handle_non_conversation(self, record: Record, event: NonConversationRecord) -> None:
        """Raises WrongLog."""
        if isinstance(event, PoisonRecord):
            await self._dead_letters.publish(self._topic, record, event.reason)
            failpoint("projector.dead_lettered")
        elif event.data.epoch != self._identity.epoch:
            raise WrongLog(f"partition {record.partition} begins another log: {event.data.epoch}")
