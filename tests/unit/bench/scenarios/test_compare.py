"""Pairs are interleaved, repeated when disturbed, and judged by the lower end of their interval."""

from collections.abc import Callable, Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench.scenarios.compare import CheckoutSide, Compare, Measurement
from bench.scenarios.scenario import Recorder

SIDES = [
    cast("CheckoutSide", SimpleNamespace(system=SimpleNamespace(name=name))) for name in ("base", "head")
]


def measured(play: Callable[[CheckoutSide, int], Measurement], pairs: int = 6) -> Recorder:
    recorder = Recorder()
    Compare(base=".", pairs=pairs)._measure("CPU", play, SIDES, recorder)
    return recorder


def script(**values: float) -> Callable[[CheckoutSide, int], Measurement]:
    return lambda side, number: Measurement(value=values[side.system.name])


def test_sides_take_turns_and_no_number_is_used_twice() -> None:
    calls: list[tuple[str, int]] = []

    def play(side: CheckoutSide, number: int) -> Measurement:
        calls.append((side.system.name, number))
        return Measurement(value=1)

    measured(play, pairs=3)
    assert [name for name, _ in calls] == ["base", "head", "head", "base", "base", "head"]
    assert len({number for _, number in calls}) == 6


@pytest.mark.parametrize(("head", "failures"), [(1.05, 0), (1.06, 1), (0.5, 0)])
def test_a_ratio_above_the_limit_fails(head: float, failures: int) -> None:
    recorder = measured(script(base=1, head=head))
    assert len(recorder.failures) == failures
    assert [row.model_dump()["ratio"] for row in recorder.rounds["CPU"]] == [head] * 6


def test_a_ratio_whose_interval_reaches_below_the_limit_passes() -> None:
    ratios: Iterator[float] = iter([1.04, 1.3, 1.3, 1.3, 1.3, 1.3])

    def play(side: CheckoutSide, number: int) -> Measurement:
        return Measurement(value=next(ratios) if side.system.name == "head" else 1)

    assert measured(play).failures == []


def test_a_disturbed_pair_is_repeated_and_kept_only_when_it_stays_so() -> None:
    numbers = count()

    def play(side: CheckoutSide, number: int) -> Measurement:
        return Measurement(value=1, marks=["steal 5 %"] if next(numbers) < 4 else [])

    rows: list[dict[str, Any]] = [row.model_dump() for row in measured(play, pairs=1).rounds["CPU"]]
    assert [row["marks"] for row in rows] == [[]]
    shaken = measured(lambda side, number: Measurement(value=1, marks=["steal 5 %"]), pairs=1)
    assert [row.model_dump()["marks"] for row in shaken.rounds["CPU"]] == [
        ["base steal 5 %", "head steal 5 %"]
    ]


def test_a_loss_of_the_head_fails() -> None:
    def play(side: CheckoutSide, number: int) -> Measurement:
        return Measurement(value=1, marks=["lost 1"], faults=side.system.name == "head")

    assert measured(play, pairs=1).failures == ["CPU: base lost 1, head lost 1"]
