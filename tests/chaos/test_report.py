"""The tables of a campaign say what was lost and doubled, and how long each recovery took."""

import json
from pathlib import Path

from tests.chaos import report as table
from tests.chaos.checker.checker import Invariant, Violation
from tests.chaos.recovery import Recovery
from tests.chaos.run_result import FaultResult, GroupResult

LATE = FaultResult("kill -9 kafka", Recovery(4.0, 2.0, 31.0))
QUICK = FaultResult("kill -9 kafka", Recovery(1.0, 0.5, 1.2))
KILLED = [
    FaultResult(f"kill -9 {name}", Recovery(delivered, 9.0, 9.0), kind=kind)
    for name, kind, delivered in (
        ("gateway", "gateway", 0.4),
        ("gateway-2", "gateway", 0.8),
        ("notifier", "notifier", 3.0),
    )
]
BROKEN = [
    Violation(Invariant.KEPT, "message 7"),
    Violation(Invariant.ONCE, "c3"),
    Violation(Invariant.UNREAD, "ann"),
]


def test_a_group_and_its_faults_are_a_line_each() -> None:
    lines = table.markdown([GroupResult("kill9", [LATE, QUICK], 500, BROKEN)]).splitlines()
    assert lines[2] == "| kill9 | 2 | 500 | 1 | 1 | 1 | 16.1 | 31.0 |"
    assert lines[6] == "| kill -9 kafka | 2 | 2.5 | 4.0 | 16.1 | 31.0 | later than 30 s |"
    assert lines[8] == f"* kill9: {BROKEN[0]}"


def test_the_next_delivery_after_a_kill_is_told_by_kind_of_process(tmp_path: Path) -> None:
    judged = GroupResult("kill9", [*KILLED, QUICK], 500, [])
    lines = table.markdown([judged]).splitlines()
    assert lines[6:8] == ["| gateway | 2 | 0.6 | 0.8 |", "| notifier | 1 | 3.0 | 3.0 |"]
    table.write([judged], tmp_path, "recovery")
    (read,) = json.loads((tmp_path / "recovery.json").read_text())
    assert read["delivered after kill -9, median"]["notifier"] == 3.0


def test_the_same_is_written_for_programs(tmp_path: Path) -> None:
    table.write([GroupResult("kill9", [LATE], 500, BROKEN)], tmp_path)
    (read,) = json.loads((tmp_path / "faults.json").read_text())
    assert (read["lost"], read["doubled"], len(read["violations"])) == (1, 1, 3)
    assert read["faults"] == [
        {"fault": "kill -9 kafka", "delivered": 4.0, "level": 2.0, "quick": 31.0, "wrong": ""}
    ]


def test_only_what_kept_everything_and_recovered_is_faultless() -> None:
    assert GroupResult("kill9", [LATE, QUICK], 500, []).faultless
    assert not GroupResult("kill9", [LATE], 500, []).in_time
    assert not GroupResult("kill9", [QUICK], 500, BROKEN[:1]).faultless
    assert not GroupResult("kill9", [QUICK], 0, []).faultless
    assert not GroupResult("kill9", [], 500, []).faultless
    assert not GroupResult(
        "kill9", [FaultResult("x", Recovery(1, 1, 1), "it did not happen")], 500, []
    ).faultless
