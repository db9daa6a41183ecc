"""The results of a chaos suite as Markdown, and as JSON for programs."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median

from tests.chaos.recovery import MAX_RECOVERY_SECONDS
from tests.chaos.run_result import FaultResult, GroupResult

OUT = Path(__file__).with_name("out")

Row = tuple[object, ...]

_GROUPS = (
    "group | faults | operations | lost | duplicated | other violations | recovered after s, median | worst"
)
_FAILOVERS = "kill -9 of a | times | next delivery after s, median | worst"
_FAULTS = "fault | times | delivered after s, median | worst | recovered after s, median | worst | error"


def markdown(results: Sequence[GroupResult]) -> str:
    failovers = [
        (kind, len(seconds), *_median_and_worst(seconds))
        for result in results
        for kind, seconds in result.failovers.items()
    ]
    tables = [
        _table(_GROUPS, map(_group_row, results)),
        _table(_FAILOVERS, failovers) if failovers else "",
        _table(_FAULTS, (row for result in results for row in _fault_rows(result))),
        "\n".join(f"* {result.group}: {violation}" for result in results for violation in result.violations),
    ]
    return "\n\n".join(filter(None, tables)) + "\n"


def write(results: Sequence[GroupResult], folder: Path = OUT, name: str = "faults") -> None:
    """Replace the report of the run before."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.md").write_text(markdown(results))
    (folder / f"{name}.json").write_text(json.dumps([_plain(result) for result in results], indent=1) + "\n")


def line(result: FaultResult) -> str:
    """Progress while the suite runs."""
    delivered, caught_up, latency = result.recovery
    seconds = f"delivered {delivered:5.1f}, caught up {caught_up:5.1f}, latency normal {latency:5.1f} s"
    return f"{result.fault:<60} {seconds} {result.error}"


def _group_row(result: GroupResult) -> Row:
    others = len(result.violations) - result.lost - result.duplicated
    counts = (len(result.faults), result.operations, result.lost, result.duplicated, others)
    return result.group, *counts, *_median_and_worst([fault.recovery.seconds for fault in result.faults])


def _fault_rows(result: GroupResult) -> Iterator[Row]:
    for name in dict.fromkeys(fault.fault for fault in result.faults):
        faults = [fault for fault in result.faults if fault.fault == name]
        delivered = _median_and_worst([fault.recovery.delivered for fault in faults])
        recovered = _median_and_worst([fault.recovery.seconds for fault in faults])
        in_time = all(fault.recovery.in_time for fault in faults)
        late = set() if in_time else {f"later than {MAX_RECOVERY_SECONDS:.0f} s"}
        error = "; ".join(sorted({fault.error for fault in faults if fault.error} or late))
        yield name, len(faults), *delivered, *recovered, error


def _median_and_worst(seconds: Sequence[float]) -> tuple[str, str]:
    return f"{median(seconds):.1f}", f"{max(seconds):.1f}"


def _table(titles: str, rows: Iterable[Row]) -> str:
    ruler = "|---" * (titles.count("|") + 1) + "|"
    return "\n".join([f"| {titles} |", ruler, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def _plain(result: GroupResult) -> dict[str, object]:
    return {
        "group": result.group,
        "operations": result.operations,
        "lost": result.lost,
        "duplicated": result.duplicated,
        "failover, median": {kind: median(seconds) for kind, seconds in sorted(result.failovers.items())},
        "violations": list(map(str, result.violations)),
        "faults": [
            {"fault": fault.fault, **fault.recovery._asdict(), "error": fault.error}
            for fault in result.faults
        ],
    }
