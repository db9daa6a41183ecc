"""A storm is judged by its impact on dropped and on unaffected clients."""

from typing import Any

import pytest

from bench.load.plan import Report
from bench.load.reconnecting_clients import PhaseReport
from bench.measure.storm_impact import ReconnectedClients, UnaffectedClients, harm, slowdown

Case = dict[str, Any]


def _report(**odd: Any) -> Report:
    good = {
        "sent": 2,
        "deliveries": 4,
        "latencies": [0.001, 0.002],
        "acceptances": [],
        "lateness": [0.0],
        "refused": [],
    }
    counts = {"lost": 0, "doubled": 0, "misordered": 0, "closed": 0, "duration": 1.0}
    return Report.model_validate(good | counts | odd)


def _returned(**odd: Any) -> PhaseReport:
    good = {
        "sent": 9,
        "absences": [0.5] * 3,
        "ends": [7.0, 8.0, 9.5],
        "dialled": 3,
        "closes": {},
        "retry_delays": [],
    }
    return PhaseReport.model_validate(
        good | {"missing": 0, "skipped": 0, "away": 0, "unanswered": 0, "delays": []} | odd
    )


def _reports(**during: Any) -> dict[str, Report]:
    return {"before": _report(), "during": _report(**during), "after": _report()}


def test_a_storm_in_which_all_came_back_and_nothing_was_lost_did_no_harm() -> None:
    assert list(harm(_reports(), _returned(), 3)) == []


@pytest.mark.parametrize("fault", ["lost", "doubled", "misordered", "closed"])
@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_a_fault_at_an_unaffected_client_at_any_time_is_harm(when: str, fault: str) -> None:
    reports = _reports() | {when: _report(**{fault: 2})}
    assert list(harm(reports, _returned(), 3)) == [f"unaffected clients {when}: 2 {fault}"]


@pytest.mark.parametrize("fault", ["missing", "skipped", "away"])
def test_a_fault_at_a_dropped_client_is_harm(fault: str) -> None:
    assert list(harm(_reports(), _returned(**{fault: 1}), 3)) == [f"dropped clients: 1 {fault}"]


def test_clients_that_were_not_dropped_or_did_not_come_back_are_harm() -> None:
    (harm_done,) = harm(_reports(), _returned(absences=[]), 3)
    assert harm_done == "dropped clients: 0 of 3 were dropped and came back"


def test_the_slowdown_is_p99_during_to_before() -> None:
    reports = _reports(latencies=[0.004, 0.008])
    assert slowdown(reports) == pytest.approx(4, rel=1e-3)
    assert UnaffectedClients.summarise("during", reports["during"]).p99 == pytest.approx(8, rel=1e-3)
    assert ReconnectedClients.summarise(_returned(), 3, 6.0, 100, 4.0).last_back == pytest.approx(3.5)
