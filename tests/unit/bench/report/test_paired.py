"""The median ratio of pairs, and its interval."""

import random
from math import inf, isnan, nan

import pytest

from bench.report.paired import median_ratio


def test_of_fifteen_pairs_the_interval_lies_between_the_fourth_and_the_twelfth() -> None:
    result = median_ratio([n / 10 for n in range(1, 16)])
    assert (result.median, result.low, result.high) == pytest.approx((0.8, 0.4, 1.2))


def test_six_pairs_are_the_fewest_with_an_interval() -> None:
    assert median_ratio([1.0, 1.1, 1.2, 1.3, 1.4, 1.5])[1:] == (1.0, 1.5)
    assert median_ratio([1.0, 1.1, 1.2, 1.3, 1.4])[1:] == (0.0, inf)


def test_pairs_without_a_ratio_are_left_out() -> None:
    assert median_ratio([nan, 1.0, 3.0, nan]).median == 2
    assert isnan(median_ratio([nan]).median)


def test_the_interval_covers_the_true_median_in_95_of_100_cases() -> None:
    source = random.Random(1)
    results = [median_ratio([source.lognormvariate(0, 0.2) for _ in range(15)]) for _ in range(2_000)]
    assert sum(result.low <= 1 <= result.high for result in results) >= 0.95 * 2_000


def test_a_limit_is_exceeded_only_by_the_lower_end() -> None:
    result = median_ratio([1.04, 1.06, 1.07, 1.08, 1.09, 1.10])
    assert not result.exceeds(1.05)
    assert median_ratio([ratio + 0.02 for ratio in (1.04, 1.06, 1.07, 1.08, 1.09, 1.10)]).exceeds(1.05)
