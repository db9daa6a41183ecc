"""The report has what was lost and duplicated, and how long each recovery took."""

import json
from pathlib import Path

from tests.chaos import report
from tests.chaos.checker.checker import Invariant, Violation
from tests.chaos.recovery import Recovery
from tests.chaos.run_result import FaultResult, GroupResult

LATE = FaultResult("kill -9 kafka", Recovery(4.0, 2.0, 31.0))
QUICK = FaultResult("kill -9 kafka", Recovery(1.0, 0.5, 1.2))
KILLED = [
    FaultResult(f"kill -9 {name}", Recovery(delivered, 9.0, 9.0), killed_kind=name.partition("-")[0])
    for name, delivered in (("gateway", 0.4), ("gateway-2", 0.8), ("notifier", 3.0))
]
VIOLATIONS = [
    Violation(Invariant.ACCEPTED_KEPT, "message 7"),
    Violation(Invariant.IDEMPOTENT, "c3"),
    Violation(Invariant.UNREAD_EXACT, "ann"),
]


def test_a_group_and_its_faults_are_a_row_each() -> None:
    lines = report.markdown([GroupResult("kill9", [LATE, QUICK], 500, VIOLATIONS)]).splitlines()
    assert lines[2] == "| kill9 | 2 | 500 | 1 | 1 | 1 | 16.1 | 31.0 |"
    assert lines[6] == "| kill -9 kafka | 2 | 2.5 | 4.0 | 16.1 | 31.0 | later than 30 s |"
    assert lines[8] == f"* kill9: {VIOLATIONS[0]}"


def test_failover_is_reported_by_kind_of_process(tmp_path: Path) -> None:
    result = GroupResult("kill9", [*KILLED, QUICK], 500, [])
    lines = report.markdown([result]).splitlines()
    assert lines[6:8] == ["| gateway | 2 | 0.6 | 0.8 |", "| notifier | 1 | 3.0 | 3.0 |"]
    report.write([result], tmp_path, "recovery")
    (group,) = json.loads((tmp_path / "recovery.json").read_text())
    assert group["failover, median"]["notifier"] == 3.0


def test_json_has_the_same(tmp_path: Path) -> None:
    report.write([GroupResult("kill9", [LATE], 500, VIOLATIONS)], tmp_path)
    (group,) = json.loads((tmp_path / "faults.json").read_text())
    assert (group["lost"], group["duplicated"], len(group["violations"])) == (1, 1, 3)
    assert group["faults"] == [
        {"fault": "kill -9 kafka", "delivered": 4.0, "caught_up": 2.0, "latency_normal": 31.0, "error": ""}
    ]


def test_a_group_passes_only_without_violations_and_errors() -> None:
    assert GroupResult("kill9", [LATE, QUICK], 500, []).passed
    assert not GroupResult("kill9", [LATE], 500, []).recovered_in_time
    assert not GroupResult("kill9", [QUICK], 500, VIOLATIONS[:1]).passed
    assert not GroupResult("kill9", [QUICK], 0, []).passed
    assert not GroupResult("kill9", [], 500, []).passed
    assert not GroupResult("kill9", [FaultResult("x", Recovery(1, 1, 1), "not injected")], 500, []).passed
