"""Histograms of the time from an event's acceptance to a later step of its way.

They are observed once for each event on the hot paths, so they cost less than the histograms of
prometheus_client: no lock, since one event loop observes and exposes them, and no labels.

Events carry the clock of the gateway that accepted them; the clocks of all machines must agree (NTP). A step
that seems to come before the acceptance counts as 0 s.
"""

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import accumulate

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

BOUNDS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_LABELS = (*map(str, BOUNDS_SECONDS), "+Inf")


class DelayHistogram(Collector):
    def __init__(self, name: str, documentation: str, registry: CollectorRegistry = REGISTRY) -> None:
        """`name` ends in `_seconds`."""
        self._name = name
        self._documentation = documentation
        self._counts = [0] * len(_LABELS)
        self._sum = 0.0
        registry.register(self)

    def observe(self, seconds: float) -> None:
        seconds = max(seconds, 0.0)
        self._counts[bisect_left(BOUNDS_SECONDS, seconds)] += 1
        self._sum += seconds

    def observe_since(self, accepted_at: Iterable[str | None]) -> None:
        """Observe for each event the time from `accepted_at` (RFC 3339) to now. None: not an event."""
        now = time.time()
        for text in accepted_at:
            if text is not None:
                self.observe(now - posix_seconds(text))

    def collect(self) -> Iterator[HistogramMetricFamily]:
        buckets = list(zip(_LABELS, accumulate(self._counts), strict=True))
        yield HistogramMetricFamily(self._name, self._documentation, buckets=buckets, sum_value=self._sum)


def posix_seconds(text: str) -> float:
    """Return the POSIX time of an event's `time`, which is valid RFC 3339."""
    return datetime.fromisoformat(text).timestamp()
