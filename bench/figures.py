"""What a round says, in the numbers that are told."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel

from bench.plan import Report

LATE = 0.010
"""Seconds: a driver whose 99th percentile sends later than this measured itself."""
SATURATED = 0.8
"""Of a core."""
STEAL = 0.03
"""Of a core, taken by the hypervisor."""


class Used(BaseModel):
    """What was used between two moments. In seconds, of one core where not said otherwise."""

    seconds: float
    cpu: dict[str, float]
    """By process, its children included."""
    steal: float
    others: float
    """CPU of all processes that are none of ours."""


class Figures(BaseModel):
    """One round. Latencies in milliseconds, CPU in microseconds a message, shares of one core."""

    rate: float
    sent: int
    achieved: float
    """Messages delivered a second."""
    p50: float
    p90: float
    p99: float
    max: float
    accepted_p50: float
    lost: int
    doubled: int
    misordered: int
    refused: int
    rows_missing: int
    """Messages that history does not have, or not exactly once."""
    cpu: dict[str, float]
    cpu_sum: float
    lateness_p99: float
    steal: float
    others: float
    marks: list[str]
    """Why it does not count; empty when it does."""


def figures(rate: float, reports: Sequence[Report], rows_missing: int, used: Used) -> Figures:
    """Of the reports of all drivers."""
    latencies = [each for report in reports for each in report.latencies]
    sent = sum(report.sent for report in reports)
    lateness = quantile([each for report in reports for each in report.lateness], 0.99)
    duration = max(report.duration for report in reports)
    cpu = {name: seconds / max(sent, 1) * 1e6 for name, seconds in used.cpu.items()}
    counts = {
        name: sum(getattr(report, name) for report in reports)
        for name in ("lost", "doubled", "misordered", "refused")
    }
    faults = {**counts, "rows missing": rows_missing}
    return Figures(
        rate=rate,
        sent=sent,
        achieved=len(latencies) / duration if duration > 0 else 0.0,
        p50=quantile(latencies, 0.5) * 1e3,
        p90=quantile(latencies, 0.9) * 1e3,
        p99=quantile(latencies, 0.99) * 1e3,
        max=quantile(latencies, 1.0) * 1e3,
        accepted_p50=quantile([each for report in reports for each in report.acceptances], 0.5) * 1e3,
        **counts,
        rows_missing=rows_missing,
        cpu=cpu,
        cpu_sum=sum(cpu.values()),
        lateness_p99=lateness * 1e3,
        steal=used.steal / used.seconds,
        others=used.others / used.seconds,
        marks=marks(faults, lateness, used),
    )


def marks(faults: Mapping[str, int], lateness: float, used: Used) -> list[str]:
    """Why a round with these does not count."""
    busiest = max((used.cpu[name] for name in used.cpu if name.startswith("driver")), default=0.0)
    found = [f"{name} {count}" for name, count in faults.items() if count]
    if lateness > LATE:
        found.append(f"driver late {lateness * 1e3:.0f} ms")
    if busiest / used.seconds > SATURATED:
        found.append(f"driver saturated {busiest / used.seconds:.0%}")
    if used.steal / used.seconds > STEAL:
        found.append(f"steal {used.steal / used.seconds:.1%}")
    return found


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed; nan when there are none."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def middle(rounds: Sequence[Figures]) -> Figures:
    """Of several rounds at one rate the one with the median p50, of those that count if any does."""
    counting = [each for each in rounds if not each.marks] or list(rounds)
    return sorted(counting, key=lambda each: each.p50)[len(counting) // 2]
