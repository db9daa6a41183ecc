"""The highest rate that a server carries."""

from collections.abc import Sequence

from bench.measure.figures import Figures

KNEE_P99_MS = 250.0
"""Above it a rate is too high."""


def carries(rounds: Sequence[Figures]) -> bool:
    """Whether most of the rounds at one rate lost nothing and stayed below the knee's p99.

    A disturbed round decides nothing; where most were disturbed, the rate is not carried.
    """
    counting = [figures for figures in rounds if not figures.disturbed]
    good = [figures for figures in counting if not figures.faults and figures.p99 <= KNEE_P99_MS]
    return len(good) * 2 > len(counting) >= len(rounds) / 2


def knee(rounds: Sequence[Figures]) -> float:
    """The highest rate carried, before the first that was not; 0 for none."""
    highest = 0.0
    for rate in sorted({figures.rate for figures in rounds}):
        if not carries([figures for figures in rounds if figures.rate == rate]):
            break
        highest = rate
    return highest


def is_knee_unsure(rounds: Sequence[Figures]) -> bool:
    """Whether the knee may lie higher: at the next rate most rounds were disturbed."""
    highest = knee(rounds)
    following = min((figures.rate for figures in rounds if figures.rate > highest), default=highest)
    disturbed = [figures.disturbed for figures in rounds if figures.rate == following]
    return disturbed.count(True) * 2 > len(disturbed)
