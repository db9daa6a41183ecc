"""Stop reading a partition while too much of it is committed and not yet published."""

from collections.abc import Iterable

from message_store.projector.publisher import Publisher
from shared.kafka.types import ConsumerPort


class BackPressure:
    def __init__(self, consumer: ConsumerPort, publisher: Publisher) -> None:
        self.max_unpublished_bytes = 4 * 1024 * 1024
        """Bytes of one partition. Records read before are still folded."""
        self._consumer = consumer
        self._publisher = publisher
        self._paused: set[int] = set()

    def apply(self, partitions: Iterable[int]) -> None:
        """Pause those with too much unpublished; resume those with less than half of that."""
        for partition in partitions:
            backlog = self._publisher.backlog(partition)
            if backlog > self.max_unpublished_bytes and partition not in self._paused:
                self._consumer.pause(partition)
                self._paused.add(partition)
            elif backlog < self.max_unpublished_bytes // 2 and partition in self._paused:
                self._consumer.resume(partition)
                self._paused.discard(partition)

    def forget(self, partition: int) -> None:
        self._paused.discard(partition)
