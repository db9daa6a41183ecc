"""What a reconnect storm did to the clients that were dropped and to those that were not, and whether it is
harm."""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from bench.load.latencies import Latencies
from bench.load.plan import Report
from bench.load.reconnecting_clients import PhaseReport

_FAULTS = ("lost", "doubled", "misordered", "closed")
_CLIENT_FAULTS = ("missing", "skipped", "away")


class UnaffectedClients(BaseModel):
    """One phase. Times in milliseconds."""

    when: str
    sent: int
    p50: float
    p90: float
    p99: float
    max: float
    lost: int
    doubled: int
    misordered: int
    closed: int
    refused: int
    late_p99: float

    @classmethod
    def summarise(cls, when: str, report: Report) -> "UnaffectedClients":
        times = zip(("p50", "p90", "p99", "max"), (50, 90, 99, 100), strict=True)
        return cls(
            when=when,
            sent=report.sent,
            **{name: report.latencies.milliseconds(percentile) for name, percentile in times},
            **{fault: getattr(report, fault) for fault in _FAULTS},
            refused=len(report.refused),
            late_p99=report.lateness.milliseconds(99),
        )


class ReconnectedClients(BaseModel):
    """Times in seconds."""

    sockets: int
    back: int
    last_back: float
    """After the drop."""
    absent_p50: float
    absent_p90: float
    absent_max: float
    synced_per_second: int
    """In the fastest second."""
    dialled: int
    unanswered: int
    closes: str
    """By code."""
    to_them: int
    missing: int
    skipped: int
    away: int
    commits_per_second: float
    """Of the database, in the fastest second."""
    p99_during_to_before: float
    """Of the unaffected clients."""

    @classmethod
    def summarise(
        cls, report: PhaseReport, sockets: int, began: float, commits: float, slowdown: float
    ) -> "ReconnectedClients":
        """`began` is when they were dropped."""
        absences, ends = Latencies(report.absences), sorted(report.ends)
        same = ("dialled", "unanswered", *_CLIENT_FAULTS)
        return cls(
            sockets=sockets,
            back=len(absences),
            last_back=max(ends, default=began) - began,
            absent_p50=absences.milliseconds(50) / 1e3,
            absent_p90=absences.milliseconds(90) / 1e3,
            absent_max=absences.milliseconds(100) / 1e3,
            synced_per_second=max((sum(t <= end < t + 1 for end in ends) for t in ends), default=0),
            closes=", ".join(f"{code}: {count}" for code, count in report.closes.items()),
            to_them=report.sent,
            commits_per_second=commits,
            p99_during_to_before=slowdown,
            **{name: getattr(report, name) for name in same},
        )


def harm(reports: Mapping[str, Report], returned: PhaseReport, sockets: int) -> Iterator[str]:
    """Everything that a storm must not do."""
    counted: dict[str, tuple[BaseModel, tuple[str, ...]]] = {
        f"unaffected clients {when}": (report, _FAULTS) for when, report in reports.items()
    }
    counted["dropped clients"] = returned, _CLIENT_FAULTS
    for clients, (report, faults) in counted.items():
        for fault in faults:
            if count := getattr(report, fault):
                yield f"{clients}: {count} {fault}"
    if len(returned.absences) < sockets:
        yield f"dropped clients: {len(returned.absences)} of {sockets} were dropped and came back"


def slowdown(reports: Mapping[str, Report]) -> float:
    """The unaffected clients' p99 during the storm to that before it."""
    during, before = (reports[when].latencies.milliseconds(99) for when in ("during", "before"))
    return during / before
