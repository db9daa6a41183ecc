"""Ratios of interleaved pairs of rounds."""

from collections.abc import Iterable
from math import comb, inf, isnan, nan
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


def median_ratio(ratios: Iterable[float]) -> MedianRatio:
    """The median, and its distribution-free 95 % interval between two order statistics; nan is left out.

    With fewer than six pairs no two of them reach 95 %, and the interval is unbounded.
    """
    ordered = sorted(ratio for ratio in ratios if not isnan(ratio))
    rank = _rank(len(ordered))
    middle = median(ordered) if ordered else nan
    return MedianRatio(middle, *(ordered[rank - 1], ordered[-rank]) if rank else (0.0, inf))


def _rank(count: int) -> int:
    """The highest rank that lies above the median with at most 2.5 % probability; 0 for none."""
    tail, rank = 0.0, 0
    for below in range(count // 2):
        tail += comb(count, below) / 2**count
        if tail > (1 - CONFIDENCE) / 2:
            break
        rank = below + 1
    return rank
