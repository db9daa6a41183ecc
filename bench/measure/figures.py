"""The numbers of one round of messages."""

from collections.abc import Sequence

from pydantic import BaseModel

from bench.load.latencies import Latencies
from bench.load.plan import Report
from bench.measure.cpu_accounting import Usage, server_sum
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
    """The server's: all but the load generators'."""
    lateness_p99: float
    steal: float
    others: float
    idle: float = 0.0
    """Used by servers that stood by."""
    marks: list[str]
    """Why it does not count; empty when it does."""

    @property
    def faults(self) -> int:
        """What the server did wrong."""
        return sum((self.lost, self.doubled, self.misordered, self.refused, self.closed, self.rows_wrong))

    @property
    def disturbed(self) -> bool:
        """Whether it does not count through no fault of the server."""
        return bool(self.marks) and not self.faults


def figures(rate: float, reports: Sequence[Report], rows_wrong: int, usage: Usage) -> Figures:
    """Of the reports of all workers."""
    latencies = Latencies.merged(report.latencies for report in reports)
    acceptances = Latencies.merged(report.acceptances for report in reports)
    lateness = Latencies.merged(report.lateness for report in reports).milliseconds(99)
    duration = max(report.duration for report in reports)
    counted = ("lost", "doubled", "misordered", "closed")
    counts = {name: sum(getattr(report, name) for report in reports) for name in counted}
    counts |= {"refused": sum(len(report.refused) for report in reports), "rows_wrong": rows_wrong}
    sent = sum(report.sent for report in reports)
    cpu = usage.per_unit(sent)
    return Figures(
        rate=rate,
        sent=sent,
        achieved=len(latencies) / duration if duration > 0 else 0.0,
        p50=latencies.milliseconds(50),
        p90=latencies.milliseconds(90),
        p99=latencies.milliseconds(99),
        max=latencies.milliseconds(100),
        accepted_p50=acceptances.milliseconds(50),
        **counts,
        cpu=cpu,
        cpu_sum=server_sum(cpu),
        lateness_p99=lateness,
        steal=usage.steal / usage.seconds,
        others=usage.others / usage.seconds,
        idle=usage.standby / usage.seconds,
        marks=marks(counts, lateness, usage),
    )
