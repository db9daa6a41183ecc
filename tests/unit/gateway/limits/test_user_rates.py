"""Token buckets of users: what they let through, and what they keep."""

import time

from hypothesis import given
from hypothesis import strategies as st

from gateway.limits import user_rates
from gateway.limits.user_rates import Rate, RateLimit, Usage, UserRates


def accepted(rates: UserRates, user: str, attempts: int) -> int:
    usages = [rates.spend(user, Rate.SENDS) for _ in range(attempts)]
    return sum(usage is not None and not usage.is_refused for usage in usages)


@given(st.integers(1, 200), st.integers(1, 500), st.integers(1, 1_000))
def test_never_more_than_the_burst_and_the_rate_times_the_elapsed_time(
    per_second: int, burst: int, attempts: int
) -> None:
    rates = UserRates({Rate.SENDS: RateLimit(per_second, burst)})
    began = time.monotonic()
    let_through = accepted(rates, "ann", attempts)
    elapsed = time.monotonic() - began
    assert min(attempts, burst) - 1 <= let_through <= burst + per_second * elapsed + 1


def test_users_and_rates_do_not_count_for_one_another() -> None:
    rates = UserRates({Rate.SENDS: RateLimit(1, 5), Rate.READS: RateLimit(1, 5)})
    assert accepted(rates, "ann", 50) < 10
    assert _usage(rates, "bob", Rate.SENDS).remaining == 4
    assert _usage(rates, "ann", Rate.READS).remaining == 4


def test_a_rate_of_zero_is_no_limit() -> None:
    rates = UserRates({Rate.SENDS: RateLimit(0, 1)})
    assert [rates.spend("ann", Rate.SENDS) for _ in range(3)] == [None, None, None]


def test_a_refusal_names_the_time_until_the_next_and_spends_nothing() -> None:
    rates = UserRates({Rate.STARTS: RateLimit(1, 2)})
    while not (usage := _usage(rates, "ann", Rate.STARTS)).is_refused:
        pass
    assert 0 < usage.retry_after <= 1
    assert usage.remaining == 0
    assert 1 <= usage.full_after <= 2
    assert usage.window == 2
    assert _usage(rates, "ann", Rate.STARTS).retry_after <= usage.retry_after
    problem = usage.problem()
    assert (problem.status, problem.code, problem.retry_after) == (429, "too_many", 1)


def test_memory_is_bounded_and_the_most_active_users_are_kept() -> None:
    rates = UserRates({Rate.SENDS: RateLimit(1, 100)})
    for number in range(2 * user_rates.MAX_USERS):
        _usage(rates, f"user-{number}", Rate.SENDS)
        if number % 1_000 == 0:
            _usage(rates, "ann", Rate.SENDS)
    assert _usage(rates, "ann", Rate.SENDS).remaining < 90
    assert _usage(rates, "user-0", Rate.SENDS).remaining == 99


def _usage(rates: UserRates, user: str, rate: Rate) -> Usage:
    usage = rates.spend(user, rate)
    assert usage is not None
    return usage
