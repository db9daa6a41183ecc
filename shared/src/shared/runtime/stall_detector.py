"""Detects partitions that have records but make no progress. A consumer can be a member of its group and
fetch nothing (aiokafka issue 1154). Observations are made only while Kafka answers."""

from collections.abc import Mapping


class StallDetector:
    def __init__(self, timeout: float) -> None:
        """`timeout`: seconds without progress."""
        self._timeout = timeout
        self._now = 0.0
        self._last_progress: dict[int, tuple[int, float]] = {}

    def observe(self, offsets: Mapping[int, int], end_offsets: Mapping[int, int], now: float) -> None:
        """Take the next offset of each assigned partition, -1 before its first record, and its end offset."""
        self._now = now
        for partition, offset in offsets.items():
            seen, _ = self._last_progress.get(partition, (None, now))
            if seen != offset or offset >= end_offsets.get(partition, 0):
                self._last_progress[partition] = offset, now
        for partition in self._last_progress.keys() - offsets.keys():
            del self._last_progress[partition]

    def stalled_partitions(self) -> list[int]:
        """Return the partitions without progress for longer than the timeout."""
        return sorted(p for p, (_, since) in self._last_progress.items() if self._now - since > self._timeout)
