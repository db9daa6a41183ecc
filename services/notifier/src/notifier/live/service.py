"""One live notifier over a real Kafka: its clients, its background tasks, start and stop."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import structlog

from notifier.live import metrics
from notifier.live.dispatcher import Dispatcher
from notifier.live.entry_consumer import EntryConsumer
from notifier.live.settings import LiveSettings
from notifier.live.start_offsets import StartOffsets
from shared.kafka import Consumer, Producer, TopicReader
from shared.log.dead_letters import DeadLetters
from shared.log.rights import NOTIFIER_GROUP
from shared.log.topics import Topics
from shared.runtime.critical_tasks import CriticalTasks
from shared.runtime.stall_detector import StallDetector
from shared.tracing.port import NO_TRACER, Tracer

log = structlog.get_logger()

_CLIENT_ID = "parley-notifier"
_LAG_INTERVAL_SECONDS = 2.0
_TOPIC_INTERVAL_SECONDS = 1.0
_FLUSH_TIMEOUT_SECONDS = 2.0
_DRAIN_TIMEOUT_SECONDS = 0.5


class LiveNotifier:
    def __init__(self, settings: LiveSettings, tracer: Tracer = NO_TRACER) -> None:
        topics = Topics.with_prefix(settings.topic_prefix)
        self._settings = settings
        self._producer = Producer(settings, client_id=_CLIENT_ID)
        self._topic_reader = TopicReader(settings, topics.messages, client_id=_CLIENT_ID)
        self._consumer = Consumer(
            settings,
            topics.messages,
            settings.topic_prefix + NOTIFIER_GROUP,
            client_id=_CLIENT_ID,
            session_timeout=settings.session_timeout,
        )
        self.dispatcher = Dispatcher()
        self._entry_consumer = EntryConsumer(
            consumer=self._consumer,
            start_offsets=StartOffsets(self._consumer, self._topic_reader),
            dispatcher=self.dispatcher,
            dead_letters=DeadLetters(self._producer, topics.dead_letters, "notifier"),
            topic=topics.messages,
            tracer=tracer,
        )
        self._stall_detector = StallDetector(settings.patience)
        self._running: asyncio.Task[None] | None = None
        self._draining = False
        self._lag: dict[int, int] = {}
        metrics.lag.set_function(lambda: self._lag)

    def stall_reasons(self) -> Iterator[str]:
        """Why the process is not alive; nothing while it is."""
        for partition in self._stall_detector.stalled_partitions():
            yield f"records wait in partition {partition}, and none is consumed"

    def unready_reasons(self) -> Iterator[str]:
        """Why the process is not ready; about itself alone, as all notifiers share Kafka and the
        assignment."""
        if not self.dispatcher.partition_count:
            yield "the topic has not been seen yet"
        if self._draining:
            yield "draining"

    def start(self, critical_tasks: CriticalTasks) -> None:
        """Start in the background; waits for Kafka as long as it takes."""
        self._running = critical_tasks.start("entries", self._run())

    async def stop(self) -> None:
        """Commit what was dispatched and leave the group. The links stay open."""
        self._draining = True
        running, self._running = self._running, None
        if running is None:
            return
        running.cancel()
        await asyncio.wait([running])
        with suppress(TimeoutError):
            async with asyncio.timeout(_FLUSH_TIMEOUT_SECONDS):
                await self._flush()
        await asyncio.gather(self._consumer.stop(), self._producer.stop(), self._topic_reader.stop())

    async def _run(self) -> None:
        await asyncio.gather(self._producer.start(), self._topic_reader.start())
        self.dispatcher.set_partition_count(await self._wait_for_topic())
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.link_grace):
                await self.dispatcher.first_link.wait()
        await self._consumer.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._entry_consumer.run())
            tasks.create_task(_every(self._settings.progress_interval, self._send_progress))
            tasks.create_task(_every(self._settings.commit_interval, self._entry_consumer.commit))
            tasks.create_task(_every(_LAG_INTERVAL_SECONDS, self._observe_lag))

    async def _wait_for_topic(self) -> int:
        while not (partition_count := await self._topic_reader.partition_count()):
            log.info("topic.waiting", hint="has `python -m shared.log.topics` run?")
            await asyncio.sleep(_TOPIC_INTERVAL_SECONDS)
        return partition_count

    async def _send_progress(self) -> None:
        self._entry_consumer.send_progress()

    async def _observe_lag(self) -> None:
        buffers = self.dispatcher.buffers
        next_offsets = {p: buffers[p].next_offset if p in buffers else -1 for p in self._consumer.partitions}
        try:
            ends = await self._topic_reader.end_offsets(sorted(next_offsets)) if next_offsets else {}
        except TimeoutError:
            return  # Kafka is unreachable: nothing can be concluded about this process
        self._stall_detector.observe(next_offsets, ends, asyncio.get_running_loop().time())
        self._lag = {p: max(0, end - max(0, next_offsets[p])) for p, end in ends.items()}

    async def _flush(self) -> None:
        self._entry_consumer.send_progress()
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_TIMEOUT_SECONDS):
                await asyncio.gather(*(link.queue.wait_drained() for link in self.dispatcher.links))
        await self._entry_consumer.commit()


async def _every(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await act()
