"""Rounds of several targets in turn, A B B A, so that what changes slowly strikes all alike."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from bench.load.plan import Pair
from bench.measure.figures import Figures
from bench.scenarios.rounds import Bench, drivers, plan
from bench.systems.parley import Target

KNEE_P99 = 250.0
"""Milliseconds: above it a rate is too high."""
_AGAIN = 2
"""Times that a disturbed round is tried again."""

Each = TypeVar("Each")


class Side(Protocol):
    """What takes its turn."""

    @property
    def name(self) -> str: ...

    def round(self, rate: float, seconds: float) -> Figures: ...


@contextmanager
def benches(targets: Sequence[Target], pairs: list[Pair], seed: int) -> Iterator[list[Bench]]:
    """With a driver each. While one is measured the others stand by."""
    with ExitStack() as stack:
        made = []
        for target in targets:
            driving = stack.enter_context(drivers(1, plan(target, pairs)))
            beside = [each for each in targets if each is not target]
            made.append(Bench(target, driving, pairs, seed, beside=beside))
        yield made


def turns(sides: Sequence[Each], rounds: int) -> Iterator[Each]:
    """A B, B A, A B …"""
    for number in range(rounds):
        yield from sides if number % 2 == 0 else reversed(sides)


@dataclass
class Race:
    """Sides side by side; `told` has what stands of their rounds, also when it is broken off."""

    sides: Sequence[Side]
    rounds: int
    """Of each rate and side."""
    seconds: float
    tell: Callable[[str, Figures], None]
    """Hears of every round."""
    told: dict[str, list[Figures]] = field(default_factory=dict)

    def at(self, rate: float, sides: Sequence[Side] | None = None) -> None:
        """Disturbed rounds stand only when they stay so."""
        for side in turns(sides or self.sides, self.rounds):
            for _ in range(1 + _AGAIN):
                found = side.round(rate, self.seconds)
                self.tell(side.name, found)
                if not found.disturbed:
                    break
            self.told.setdefault(side.name, []).append(found)

    def rising(self, rates: Sequence[float]) -> None:
        """Each side up to the first rate that it does not carry."""
        climbing = list(self.sides)
        for rate in rates:
            self.at(rate, climbing)
            climbing = [side for side in climbing if knee(self.told[side.name]) == rate]
            print(f"{rate:g}/s carried by: {[side.name for side in climbing]}", file=sys.stderr)
            if not climbing:
                break


def carries(rounds: Sequence[Figures]) -> bool:
    """Whether most of the rounds at one rate lost nothing and stayed below the knee's p99. What was disturbed
    says nothing; where most was, nothing is carried."""
    counting = [each for each in rounds if not each.disturbed]
    good = [each for each in counting if not each.faults and each.p99 <= KNEE_P99]
    return len(good) * 2 > len(counting) >= len(rounds) / 2


def knee(rounds: Sequence[Figures]) -> float:
    """The highest rate carried, before the first that was not; 0 when none was."""
    highest = 0.0
    for rate in sorted({each.rate for each in rounds}):
        if not carries([each for each in rounds if each.rate == rate]):
            break
        highest = rate
    return highest


def knee_unsure(rounds: Sequence[Figures]) -> bool:
    """Whether the knee may lie higher: at the next rate most rounds were disturbed."""
    highest = knee(rounds)
    following = min((each.rate for each in rounds if each.rate > highest), default=highest)
    disturbed = [each.disturbed for each in rounds if each.rate == following]
    return disturbed.count(True) * 2 > len(disturbed)
