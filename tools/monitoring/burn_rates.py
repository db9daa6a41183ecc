"""From an objective its recording rules and its burn-rate alerts.

The burn rate is the ratio of errors divided by the ratio that the objective allows: at 1 the budget lasts
exactly its window. Each alert looks at a long window, so that it matters, and at a short one, so that it ends
when the errors end (The Site Reliability Workbook, chapter 5).
"""

from collections.abc import Iterator
from typing import NamedTuple

from tools.monitoring.durations import Durations
from tools.monitoring.objectives import Objective, Objectives
from tools.monitoring.rules import NAMESPACE, Alert, Group, Recording, Severity, one_line


class BurnRate(NamedTuple):
    rate: float
    long: str
    short: str


BURN_RATES: dict[Severity, tuple[BurnRate, ...]] = {
    "page": (BurnRate(14.4, "1h", "5m"), BurnRate(6, "6h", "30m")),
    "ticket": (BurnRate(1, "3d", "6h"),),
}
WINDOWS = ("5m", "30m", "1h", "6h", "3d")


def groups(objectives: Objectives, durations: Durations) -> list[Group]:
    return [
        Group(
            f"parley-slo-{objective.name.replace('_', '-')}",
            [*_recordings(objective, objectives.window_days, durations), *_alerts(objective)],
        )
        for objective in objectives.objectives
    ]


def error_ratio(objective: Objective, window: str) -> str:
    """Return the name of the recorded ratio of errors."""
    return f"namespace:parley_{objective.name}_errors:ratio_rate{window}"


def _recordings(objective: Objective, window_days: int, durations: Durations) -> Iterator[Recording]:
    labels = {"objective": objective.name}
    for window in WINDOWS:
        yield Recording(error_ratio(objective, window), _ratio(objective, durations(window)), labels)
    recent = error_ratio(objective, "5m")
    yield Recording(
        f"namespace:parley_{objective.name}_errors:ratio_{window_days}d",
        f"avg_over_time({recent}[{durations(f'{window_days}d')}])",
    )


def _ratio(objective: Objective, window: str) -> str:
    """Without events there is no ratio. Counters of good events may be missing while there are none."""
    total = _rate(objective.total, window)
    if objective.bad is not None:
        return f"{_rate(objective.bad, window)} / ({total} > 0)"
    assert objective.good is not None
    return f"1 - ({_rate(objective.good, window)} or 0 * {total}) / ({total} > 0)"


def _rate(selector: str, window: str) -> str:
    return f"sum by (namespace) (rate({selector}[{window}]))"


def _alerts(objective: Objective) -> Iterator[Alert]:
    for severity, rates in BURN_RATES.items():
        yield Alert(
            name=objective.alert,
            severity=severity,
            expr=" or ".join(_is_burning(objective, rate) for rate in rates),
            summary=f"{NAMESPACE}{objective.summary}",
            description=_description(objective, severity),
            dashboard=objective.dashboard,
            labels={"objective": objective.name},
        )


def _is_burning(objective: Objective, burn_rate: BurnRate) -> str:
    limit = f"{burn_rate.rate:g} * {objective.budget:g}"
    long, short = error_ratio(objective, burn_rate.long), error_ratio(objective, burn_rate.short)
    return one_line(f"({long} > {limit} and {short} > {limit})")


def _description(objective: Objective, severity: Severity) -> str:
    speeds = " or ".join(f"{rate.rate:g} times as fast for {rate.long}" for rate in BURN_RATES[severity])
    return (
        f"Objective: {objective.title}, {objective.percent:g} %. The budget of errors is used {speeds} "
        "as it may be."
    )
