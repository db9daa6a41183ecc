"""Ratios of interleaved pairs of rounds."""

from collections.abc import Sequence
from math import comb
from statistics import median
from typing import NamedTuple

CONFIDENCE = 0.95


class MedianRatio(NamedTuple):
    median: float
    low: float
    high: float

    def exceeds(self, limit: float) -> bool:
        """Whether even the lower end of the interval is above `limit`."""
        return self.low > limit

    def __str__(self) -> str:
        return f"{self.median:.3f}× [{self.low:.3f}, {self.high:.3f}]"


def median_ratio(ratios: Sequence[float]) -> MedianRatio:
    """The median, and its distribution-free 95 % interval between two order statistics.

    With fewer than six pairs no two of them reach 95 %, and the interval is unbounded.
    """
    ordered = sorted(ratios)
    rank = _rank(len(ordered))
    if rank == 0:
        return MedianRatio(median(ordered), 0.0, float("inf"))
    return MedianRatio(median(ordered), ordered[rank - 1], ordered[-rank])


def _rank(count: int) -> int:
    """The highest rank that lies above the median with at most 2.5 % probability; 0 for none."""
    tail, rank = 0.0, 0
    for below in range(count // 2):
        tail += comb(count, below) / 2**count
        if tail > (1 - CONFIDENCE) / 2:
            break
        rank = below + 1
    return rank
