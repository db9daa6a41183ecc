"""What a round says, in the numbers that are told."""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from bench.load.plan import Report
from bench.measure.cpu_accounting import Used
from bench.measure.round_validity import marks


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
    closed: int
    rows_wrong: int
    """Messages that were not refused and that history has not exactly once."""
    cpu: dict[str, float]
    cpu_sum: float
    """The server's: all but the drivers'."""
    lateness_p99: float
    steal: float
    others: float
    idle: float = 0.0
    """Taken by what stood by."""
    marks: list[str]
    """Why it does not count; empty when it does."""

    @property
    def faults(self) -> int:
        """What the server did wrong."""
        return sum((self.lost, self.doubled, self.misordered, self.refused, self.closed, self.rows_wrong))

    @property
    def disturbed(self) -> bool:
        """It does not count, and that is not the server's fault."""
        return bool(self.marks) and not self.faults


def figures(rate: float, reports: Sequence[Report], wrong: int, used: Used) -> Figures:
    """Of the reports of all drivers."""
    latencies = [each for report in reports for each in report.latencies]
    sent = sum(report.sent for report in reports)
    lateness = quantile([each for report in reports for each in report.lateness], 0.99)
    duration = max(report.duration for report in reports)
    cpu = {name: seconds / max(sent, 1) * 1e6 for name, seconds in used.cpu.items()}
    counts = {
        "lost": sum(report.lost for report in reports),
        "doubled": sum(report.doubled for report in reports),
        "misordered": sum(report.misordered for report in reports),
        "refused": sum(len(report.refused) for report in reports),
        "closed": sum(report.closed for report in reports),
        "rows_wrong": wrong,
    }
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
        cpu=cpu,
        cpu_sum=sum(spent for name, spent in cpu.items() if not name.startswith("driver")),
        lateness_p99=lateness * 1e3,
        steal=used.steal / used.seconds,
        others=used.others / used.seconds,
        idle=used.idle / used.seconds,
        marks=marks(counts, lateness, used),
    )


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
