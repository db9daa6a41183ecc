"""Takes records, tells them, and leaves with the group how far it got."""

import asyncio
from typing import NoReturn

import structlog

from notifier.live.dispatch_entry import Notice, notice_of
from notifier.live.dispatcher import Switchboard
from notifier.live.start_offsets import Starts
from shared.contract.codec import DecodeError
from shared.kafka import Record, Unconfirmed
from shared.kafka.types import GroupConsumerPort
from shared.log.dead_letters import DeadLetters
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

BATCH = 200  # records, then the links get their turn
PACE = 0.02  # seconds between two batches while a link has trouble to follow: a backlog must not have it cut
WAIT = 0.5


class Reader:
    def __init__(
        self,
        consumer: GroupConsumerPort,
        starts: Starts,
        switchboard: Switchboard,
        dead_letters: DeadLetters,
        topic: str,
    ) -> None:
        self._consumer = consumer
        self._starts = starts
        self._switchboard = switchboard
        self._dead_letters = dead_letters
        self._topic = topic
        self._revision = 0

    @property
    def current(self) -> bool:
        """Whether what is read here is what the group says."""
        return self._revision == self._consumer.revision

    async def run(self) -> NoReturn:
        while True:
            await self.step()
            await asyncio.sleep(PACE if self._switchboard.pressed else 0)

    async def step(self) -> None:
        if not self.current:
            await self._take_over()
            return
        for partition, records in (await self._consumer.poll(BATCH, WAIT)).items():
            if self.current:  # nothing was taken away while a dead letter was put away
                await self._tell(partition, records)

    def progress(self) -> None:
        """Tell the links how far they got; after a revocation, that nothing is owned any more."""
        if self.current:
            self._switchboard.progress()
        else:
            self._switchboard.own(())

    async def commit(self) -> None:
        """What is committed was told: a successor begins nowhere above what the gateways have heard of."""
        self.progress()
        streams = [stream for stream in self._switchboard.streams.values() if stream.at > stream.committed]
        offsets = {stream.partition: stream.at for stream in streams}
        if not offsets:
            return
        failpoint("notifier.committing")
        try:
            await self._consumer.commit(offsets)
        except Unconfirmed as error:
            log.info("commit.later", reason=str(error))
        else:
            for stream in streams:
                stream.committed = offsets[stream.partition]
            failpoint("notifier.committed")

    async def _take_over(self) -> None:
        revision = self._consumer.revision
        self._switchboard.own(())
        try:
            streams = await self._starts.streams(sorted(self._consumer.partitions))
        except TimeoutError as error:
            log.warning("partitions.waiting", reason=str(error))
            await asyncio.sleep(0.2)
            return
        if self._consumer.revision != revision:
            return
        for stream in streams:
            self._consumer.seek(stream.partition, stream.at)
        self._revision = revision
        failpoint("notifier.assigned")
        self._switchboard.own(streams)
        log.info("partitions.owned", at={stream.partition: stream.at for stream in streams})
        await self.commit()  # also where nothing was told yet: a successor must not begin later

    async def _tell(self, partition: int, records: list[Record]) -> None:
        for record in records:
            notice = await self._notice(record)
            if not self.current:
                return  # another notifier's now
            if notice is None:
                self._switchboard.skip(partition, record.offset)
            else:
                self._switchboard.tell(partition, notice)
                failpoint("notifier.told")

    async def _notice(self, record: Record) -> Notice | None:
        try:
            return notice_of(record)
        except DecodeError as error:
            if record.offset >= self._switchboard.streams[record.partition].committed:  # else it lies there
                await self._dead_letters.publish(self._topic, record, str(error))
            return None
