"""Whether reading makes progress. A consumer can sit joined and read nothing (aiokafka issue 1154): that is
seen here, by records that wait while the position does not move, and only while Kafka answers."""

from collections.abc import Mapping


class StallDetector:
    def __init__(self, timeout: float) -> None:
        """`patience`: seconds."""
        self._timeout = timeout
        self._now = 0.0
        self._last_progress: dict[int, tuple[int, float]] = {}

    def observe(self, offsets: Mapping[int, int], end_offsets: Mapping[int, int], now: float) -> None:
        """`at`: per partition assigned the next offset to tell of, -1 when reading it has not begun."""
        self._now = now
        for partition, offset in offsets.items():
            seen, _ = self._last_progress.get(partition, (None, now))
            if seen != offset or offset >= end_offsets.get(partition, 0):
                self._last_progress[partition] = offset, now
        for partition in self._last_progress.keys() - offsets.keys():
            del self._last_progress[partition]

    def stalled_partitions(self) -> list[int]:
        return sorted(p for p, (_, since) in self._last_progress.items() if self._now - since > self._timeout)
