"""One live notifier over a real Kafka: its resources, its loops, its end."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import structlog

from notifier.live import metrics
from notifier.live.dispatcher import Switchboard
from notifier.live.entry_consumer import Reader
from notifier.live.settings import LiveSettings
from notifier.live.start_offsets import Starts
from shared.kafka import Consumer, Producer, TopicReader
from shared.log.dead_letters import DeadLetters
from shared.log.topics import Topics
from shared.runtime.critical_task import critical
from shared.runtime.stall_detector import StallDetector

log = structlog.get_logger()

_CLIENT = "parley-notifier"
_WATCH = 2.0  # seconds between two looks at the ends of the partitions


class Notifier:
    def __init__(self, settings: LiveSettings) -> None:
        topics = Topics.with_prefix(settings.topic_prefix)
        self._settings = settings
        self._producer = Producer(settings.kafka_bootstrap, client_id=_CLIENT)
        self._inspector = TopicReader(settings.kafka_bootstrap, topics.messages, client_id=_CLIENT)
        self._consumer = Consumer(
            settings.kafka_bootstrap,
            topics.messages,
            f"{settings.topic_prefix}notifier-live",
            client_id=_CLIENT,
            session_timeout=settings.session_timeout,
        )
        self.switchboard = Switchboard()
        self._reader = Reader(
            self._consumer,
            Starts(self._consumer, self._inspector),
            self.switchboard,
            DeadLetters(self._producer, topics.dead_letters, "notifier"),
            topics.messages,
        )
        self._pulse = StallDetector(settings.patience)
        self._running: asyncio.Task[None] | None = None
        self._draining = False

    def alive(self) -> Iterator[str]:
        for partition in self._pulse.stalled_partitions():
            yield f"records wait in partition {partition}, and none is read"

    def not_ready(self) -> Iterator[str]:
        """About this process alone: Kafka and the assignment of partitions are shared by all."""
        if not self.switchboard.count:
            yield "the topic has not been seen yet"
        if self._draining:
            yield "draining"

    def start(self) -> None:
        """In the background; waits for Kafka as long as it takes."""
        self._running = critical(asyncio.create_task(self._run()))

    async def stop(self) -> None:
        """Commit what was told and give up the partitions. The links stay open."""
        self._draining = True
        running, self._running = self._running, None
        if running is None:
            return
        running.cancel()
        await asyncio.wait([running])
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await self._settle()
        await asyncio.gather(self._consumer.stop(), self._producer.stop(), self._inspector.stop())

    async def _run(self) -> None:
        await asyncio.gather(self._producer.start(), self._inspector.start())
        self.switchboard.open(await self._partitions())
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.link_grace):
                await self.switchboard.linked.wait()
        await self._consumer.start()
        async with asyncio.TaskGroup() as together:
            together.create_task(self._reader.run())
            together.create_task(_every(self._settings.progress_interval, self._progress))
            together.create_task(_every(self._settings.commit_interval, self._reader.commit))
            together.create_task(_every(_WATCH, self._watch))

    async def _partitions(self) -> int:
        while not (count := await self._inspector.partition_count()):
            log.info("topic.waiting", hint="is `python -m shared.topics` done?")
            await asyncio.sleep(1.0)
        return count

    async def _progress(self) -> None:
        self._reader.progress()

    async def _watch(self) -> None:
        streams = self.switchboard.streams
        at = {p: streams[p].at if p in streams else -1 for p in self._consumer.partitions}
        try:
            ends = await self._inspector.end_offsets(sorted(at)) if at else {}
        except TimeoutError:
            return  # Kafka is away: nothing to be learnt about us
        self._pulse.observe(at, ends, asyncio.get_running_loop().time())
        metrics.lag.clear()
        for partition, end in ends.items():
            metrics.lag.labels(str(partition)).set(max(0, end - max(0, at[partition])))

    async def _settle(self) -> None:
        self._reader.progress()
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await asyncio.gather(*(link.outbox.drained() for link in self.switchboard.links))
        await self._reader.commit()


async def _every(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await act()
