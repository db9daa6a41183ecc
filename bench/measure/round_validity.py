"""Whether a round counts: pure."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence

from bench.load.plan import Report
from bench.measure.cpu_accounting import Used

LATE = 0.010
"""Seconds: a driver whose 99th percentile sends later than this measured itself."""
SATURATED = 0.8
"""Of a core."""
STEAL = 0.03
"""Of a core, taken by the hypervisor."""
OTHERS = 0.15
"""Of all cores, taken by processes that are none of ours."""


def rows_wrong(name: str, reports: Sequence[Report], rows: Sequence[str]) -> int:
    """How many of a round's messages are not once among `rows`, the clientIds in history. What was refused
    may be missing."""
    refused = {client_id for report in reports for client_id in report.refused}
    found = Counter(rows)
    names = (f"{name}.{share}.{n}" for share, report in enumerate(reports) for n in range(report.sent))
    return sum(found[each] != 1 and not (each in refused and found[each] == 0) for each in names)


def marks(faults: Mapping[str, int], lateness: float, used: Used) -> list[str]:
    """Why a round with these does not count."""
    busiest = max((used.cpu[name] for name in used.cpu if name.startswith("driver")), default=0.0)
    found = [f"{name.replace('_', ' ')} {count}" for name, count in faults.items() if count]
    if lateness > LATE:
        found.append(f"driver late {lateness * 1e3:.0f} ms")
    if busiest / used.seconds > SATURATED:
        found.append(f"driver saturated {busiest / used.seconds:.0%}")
    return found + crowded(used)


def crowded(used: Used) -> list[str]:
    """Why the machine was not ours: the hypervisor's doing, and other processes'."""
    found = []
    if used.steal / used.seconds > STEAL:
        found.append(f"steal {used.steal / used.seconds:.1%}")
    if used.others / used.seconds > OTHERS * (os.cpu_count() or 1):
        found.append(f"others took {used.others / used.seconds:.0%} of a core")
    return found
