from math import isnan

import pytest

from bench.load.plan import Report
from bench.measure.cpu_accounting import Accounts, Machine, Used, between, machine
from bench.measure.figures import figures, middle, quantile
from bench.measure.round_validity import marks, rows_wrong
from bench.scenarios.rounds import rates_in_turn

QUIET = Used(seconds=10, cpu={"gateway": 2.0, "driver": 1.0}, steal=0.0, others=0.5)


def report(*latencies: float, lost: int = 0) -> Report:
    return Report(
        sent=len(latencies),
        latencies=list(latencies),
        acceptances=[],
        lateness=[0.001] * len(latencies),
        lost=lost,
        doubled=0,
        misordered=0,
        refused=[],
        closed=0,
        duration=2.0,
    )


def test_a_quantile_is_a_value_that_was_seen() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [quantile(values, share) for share in (0.5, 0.9, 0.99, 1.0)] == [50, 90, 99, 100]
    assert quantile([3.0], 0.5) == 3
    assert quantile([2.0, 1.0], 0.5) == 1
    assert isnan(quantile([], 0.5))


def test_reports_of_all_drivers_are_one_round() -> None:
    told = figures(2, [report(0.010, 0.020), report(0.030, 0.040)], 0, QUIET)
    assert (told.sent, told.p50, told.max, told.achieved) == (4, 20, 40, 2)
    assert told.cpu == {"gateway": 500_000, "driver": 250_000}
    assert told.cpu_sum == 500_000, "the driver's is not the server's"
    assert told.marks == []


@pytest.mark.parametrize(
    ("faults", "lateness", "used", "mark"),
    [
        ({"lost": 3}, 0.0, QUIET, "lost 3"),
        ({}, 0.011, QUIET, "driver late 11 ms"),
        ({}, 0.0, QUIET.model_copy(update={"cpu": {"driver-2": 9.0}}), "driver saturated 90%"),
        ({}, 0.0, QUIET.model_copy(update={"steal": 0.4}), "steal 4.0%"),
        ({}, 0.0, QUIET.model_copy(update={"others": 1e3}), "others took 10000% of a core"),
        ({"rows_wrong": 1}, 0.0, QUIET, "rows wrong 1"),
    ],
)
def test_what_voids_a_round_is_named(faults: dict[str, int], lateness: float, used: Used, mark: str) -> None:
    assert marks(faults, lateness, used) == [mark]


def test_history_must_have_each_message_once_and_may_lack_only_what_was_refused() -> None:
    reports = [report(0.1, 0.1, 0.1), report(0.1)]
    assert rows_wrong("r1", reports, ["r1.0.0", "r1.0.1", "r1.0.2", "r1.1.0"]) == 0
    assert rows_wrong("r1", reports, ["r1.0.0", "r1.0.0", "r1.0.2", "r1.1.0"]) == 2
    reports[0].refused = ["r1.0.0", "r1.0.1"]
    assert rows_wrong("r1", reports, ["r1.0.0", "r1.0.0", "r1.0.2", "r1.1.0"]) == 1


def test_the_middle_round_is_one_that_counts() -> None:
    quick, slow = (figures(2, [report(latency)], 0, QUIET) for latency in (0.010, 0.030))
    void = figures(2, [report(0.001, lost=1)], 0, QUIET)
    assert middle([void, slow, void, quick, slow]) is slow
    assert middle([void]) is void


def test_rates_go_there_and_back_again() -> None:
    assert rates_in_turn([50, 200], 3) == [50, 200, 200, 50, 50, 200]


def test_others_are_what_the_machine_did_beside_our_trees() -> None:
    before = Accounts(5.0, {"gateway": 1.0}, Machine(busy=20.0, steal=1.0))
    after = Accounts(7.0, {"gateway": 2.5}, Machine(busy=22.0, steal=1.25))
    assert between(before, after) == Used(seconds=2, cpu={"gateway": 1.5}, steal=0.25, others=0.5)


def test_idle_time_is_no_work() -> None:
    found = machine("cpu  100 200 300 9999 9999 10 20 400 50 60\ncpu0 1 2 3 4 5 6 7 8 9 10\n")
    assert (found.busy, found.steal) == pytest.approx((6.3, 4.0))
