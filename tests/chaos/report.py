"""The tables that a campaign writes, as Markdown, and as JSON for whoever compares runs."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from tests.chaos.recovery import PROMISED
from tests.chaos.run_result import FaultResult, GroupResult

OUT = Path(__file__).with_name("out")

_GROUPS = (
    "| group | faults | operations | lost | doubled | other violations | recovered after s, median | worst |"
)
_KILLED = "| kill -9 of a | times | next delivery after s, median | worst |"
_FAULTS = "| fault | times | delivered after s, median | worst | recovered after s, median | worst | wrong |"


def markdown(judged: Sequence[GroupResult]) -> str:
    groups = [_GROUPS, _ruler(_GROUPS), *map(_group, judged)]
    faults = [_FAULTS, _ruler(_FAULTS), *(line for each in judged for line in _faults(each))]
    killed = [
        _row(kind, len(took), *_seconds(took)) for each in judged for kind, took in each.deliveries.items()
    ]
    violations = [f"* {each.group}: {violation}" for each in judged for violation in each.violations]
    deaths = ["", _KILLED, _ruler(_KILLED), *killed] if killed else []
    return "\n".join([*groups, *deaths, "", *faults, *(["", *violations] if violations else [])]) + "\n"


def write(judged: Sequence[GroupResult], folder: Path = OUT, name: str = "faults") -> None:
    """Replaces the tables of the run before."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.md").write_text(markdown(judged))
    (folder / f"{name}.json").write_text(json.dumps([_plain(each) for each in judged], indent=1) + "\n")


def told(suffered: FaultResult) -> str:
    """A line while it runs."""
    took = suffered.recovery
    seconds = f"delivered {took.delivered:5.1f}, level {took.level:5.1f}, quick {took.quick:5.1f} s"
    return f"{suffered.fault:<60} {seconds} {suffered.wrong}"


def _group(judged: GroupResult) -> str:
    others = len(judged.violations) - judged.lost - judged.doubled
    counts = (len(judged.suffered), judged.operations, judged.lost, judged.doubled, others)
    return _row(judged.group, *counts, *_seconds(each.recovery.whole for each in judged.suffered))


def _faults(judged: GroupResult) -> Iterable[str]:
    for name in dict.fromkeys(each.fault for each in judged.suffered):
        all_ = [each for each in judged.suffered if each.fault == name]
        delivered = _seconds(each.recovery.delivered for each in all_)
        whole = _seconds(each.recovery.whole for each in all_)
        late = {f"later than {PROMISED:.0f} s"} if not all(each.recovery.in_time for each in all_) else set()
        wrong = "; ".join(sorted({each.wrong for each in all_ if each.wrong} or late))
        yield _row(name, len(all_), *delivered, *whole, wrong)


def _seconds(values: Iterable[float]) -> tuple[str, str]:
    listed = list(values)
    return f"{median(listed):.1f}", f"{max(listed):.1f}"


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _ruler(head: str) -> str:
    return "|---" * (head.count("|") - 1) + "|"


def _plain(judged: GroupResult) -> dict[str, object]:
    return {
        "group": judged.group,
        "operations": judged.operations,
        "lost": judged.lost,
        "doubled": judged.doubled,
        "delivered after kill -9, median": {
            kind: median(took) for kind, took in sorted(judged.deliveries.items())
        },
        "violations": list(map(str, judged.violations)),
        "faults": [
            {"fault": each.fault, **each.recovery._asdict(), "wrong": each.wrong} for each in judged.suffered
        ],
    }
