"""Whether a round counts."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence

from bench.load.plan import Report
from bench.measure.cpu_accounting import Usage

MAX_LATENESS_MS = 10.0
"""A load generator whose 99th percentile sends later than this measured itself."""
MAX_DRIVER_CPU = 0.8
"""Of a core."""
MAX_STEAL = 0.03
"""Of a core, taken by the hypervisor."""
MAX_OTHERS = 0.15
"""Of all cores, used by processes that are not the bench's."""


def rows_wrong(name: str, reports: Sequence[Report], rows: Sequence[str]) -> int:
    """How many of a round's messages are not exactly once among `rows`, the clientIds in history.

    What was refused may be missing.
    """
    refused = {client_id for report in reports for client_id in report.refused}
    stored = Counter(rows)
    names = (f"{name}.{share}.{n}" for share, report in enumerate(reports) for n in range(report.sent))
    return sum(stored[name] != 1 and not (name in refused and stored[name] == 0) for name in names)


def marks(faults: Mapping[str, int], lateness_ms: float, usage: Usage) -> list[str]:
    """Why a round does not count."""
    driver_cpu = max((usage.cpu[name] for name in usage.cpu if name.startswith("driver")), default=0.0)
    reasons = [f"{name.replace('_', ' ')} {count}" for name, count in faults.items() if count]
    if lateness_ms > MAX_LATENESS_MS:
        reasons.append(f"driver late {lateness_ms:.0f} ms")
    if driver_cpu / usage.seconds > MAX_DRIVER_CPU:
        reasons.append(f"driver saturated {driver_cpu / usage.seconds:.0%}")
    return reasons + disturbances(usage)


def disturbances(usage: Usage) -> list[str]:
    """What the hypervisor and other processes took."""
    reasons = []
    if usage.steal / usage.seconds > MAX_STEAL:
        reasons.append(f"steal {usage.steal / usage.seconds:.1%}")
    if usage.others / usage.seconds > MAX_OTHERS * (os.cpu_count() or 1):
        reasons.append(f"others took {usage.others / usage.seconds:.0%} of a core")
    return reasons
