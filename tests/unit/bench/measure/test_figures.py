from math import isnan
from types import SimpleNamespace

import pytest

from bench.load.latencies import Latencies
from bench.load.plan import Report
from bench.measure.cpu_accounting import MachineTimes, Snapshot, Usage, between, machine
from bench.measure.figures import figures
from bench.measure.round_validity import marks, rows_wrong
from bench.scenarios.fanout import group_figures
from bench.scenarios.scenario import turns

QUIET = Usage(seconds=10, cpu={"gateway": 2.0, "driver": 1.0}, steal=0.0, others=0.5)


def report(*latencies: float, lost: int = 0) -> Report:
    return Report(
        sent=len(latencies),
        deliveries=len(latencies),
        latencies=Latencies(latencies),
        acceptances=Latencies(),
        lateness=Latencies([0.001] * len(latencies)),
        lost=lost,
        doubled=0,
        misordered=0,
        refused=[],
        closed=0,
        duration=2.0,
    )


def test_a_percentile_is_a_recorded_value_within_a_thousandth() -> None:
    latencies = Latencies(float(n) for n in range(1, 101))
    found = [latencies.milliseconds(percentile) / 1e3 for percentile in (50, 90, 99, 100)]
    assert found == pytest.approx([50, 90, 99, 100], rel=1e-3)
    assert Latencies([3.0]).milliseconds(50) == pytest.approx(3_000, rel=1e-3)
    assert Latencies([2.0, 1.0]).milliseconds(50) == pytest.approx(1_000, rel=1e-3)
    assert isnan(Latencies().milliseconds(50))


def test_latencies_survive_json_and_merge() -> None:
    one, other = (Report.model_validate_json(report(*each).model_dump_json()) for each in ([0.001], [0.003]))
    merged = Latencies.merged([one.latencies, other.latencies])
    assert len(merged) == 2
    assert [merged.milliseconds(p) for p in (50, 100)] == pytest.approx([1, 3], rel=1e-3)


def test_reports_of_all_workers_are_one_round() -> None:
    result = figures(2, [report(0.010, 0.020), report(0.030, 0.040)], 0, QUIET)
    assert (result.sent, result.achieved) == (4, 2)
    assert (result.p50, result.max) == pytest.approx((20, 40), rel=1e-3)
    assert result.cpu == {"gateway": 500_000, "driver": 250_000}
    assert result.cpu_sum == 500_000, "the load generator's is not the server's"
    assert result.marks == []


@pytest.mark.parametrize(
    ("faults", "lateness_ms", "usage", "mark"),
    [
        ({"lost": 3}, 0.0, QUIET, "lost 3"),
        ({}, 11.0, QUIET, "driver late 11 ms"),
        ({}, 0.0, QUIET.model_copy(update={"cpu": {"driver-2": 9.0}}), "driver saturated 90%"),
        ({}, 0.0, QUIET.model_copy(update={"steal": 0.4}), "steal 4.0%"),
        ({}, 0.0, QUIET.model_copy(update={"others": 1e3}), "others took 10000% of a core"),
        ({"rows_wrong": 1}, 0.0, QUIET, "rows wrong 1"),
    ],
)
def test_the_reason_that_voids_a_round_is_named(
    faults: dict[str, int], lateness_ms: float, usage: Usage, mark: str
) -> None:
    assert marks(faults, lateness_ms, usage) == [mark]


def test_history_must_have_each_message_once_and_may_lack_only_refused_ones() -> None:
    reports = [report(0.1, 0.1, 0.1), report(0.1)]
    assert rows_wrong("r1", reports, ["r1.0.0", "r1.0.1", "r1.0.2", "r1.1.0"]) == 0
    assert rows_wrong("r1", reports, ["r1.0.0", "r1.0.0", "r1.0.2", "r1.1.0"]) == 2
    reports[0].refused = ["r1.0.0", "r1.0.1"]
    assert rows_wrong("r1", reports, ["r1.0.0", "r1.0.0", "r1.0.2", "r1.1.0"]) == 1


def test_rates_go_there_and_back_again() -> None:
    assert list(turns([50, 200], 3)) == [50, 200, 200, 50, 50, 200]


def test_others_are_the_machines_cpu_beside_our_trees() -> None:
    before = Snapshot(5.0, {"gateway": 1.0}, MachineTimes(busy=20.0, steal=1.0))
    after = Snapshot(7.0, {"gateway": 2.5}, MachineTimes(busy=22.0, steal=1.25))
    assert between(before, after) == Usage(seconds=2, cpu={"gateway": 1.5}, steal=0.25, others=0.5)


def test_idle_time_is_no_work() -> None:
    work = {"user": 1.0, "nice": 2.0, "system": 3.0, "irq": 0.1, "softirq": 0.2, "steal": 4.0}
    times = machine(SimpleNamespace(idle=99.99, iowait=99.99, guest=0.5, guest_nice=0.6, **work))
    assert (times.busy, times.steal) == pytest.approx((6.3, 4.0))


def test_a_round_of_a_group_that_lost_a_frame_does_not_count() -> None:
    usage = Usage(seconds=5, cpu={"stock": 0.001, "driver": 1.0}, steal=0, others=0)
    group = report(0.01).model_copy(update={"deliveries": 10})
    whole = group_figures(10, 1, group, usage)
    assert (whole.server, whole.marks) == (100.0, [])
    assert group_figures(10, 1, group.model_copy(update={"lost": 1}), usage).marks == ["lost 1"]
