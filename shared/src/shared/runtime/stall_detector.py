"""Whether reading makes progress. A consumer can sit joined and read nothing (aiokafka issue 1154): that is
seen here, by records that wait while the position does not move, and only while Kafka answers."""

from collections.abc import Mapping


class Pulse:
    def __init__(self, patience: float) -> None:
        """`patience`: seconds."""
        self._patience = patience
        self._now = 0.0
        self._moved: dict[int, tuple[int, float]] = {}

    def observe(self, at: Mapping[int, int], ends: Mapping[int, int], now: float) -> None:
        """`at`: per partition assigned the next offset to tell of, -1 when reading it has not begun."""
        self._now = now
        for partition, offset in at.items():
            seen, _ = self._moved.get(partition, (None, now))
            if seen != offset or offset >= ends.get(partition, 0):
                self._moved[partition] = offset, now
        for partition in self._moved.keys() - at.keys():
            del self._moved[partition]

    def stuck(self) -> list[int]:
        return sorted(p for p, (_, since) in self._moved.items() if self._now - since > self._patience)
