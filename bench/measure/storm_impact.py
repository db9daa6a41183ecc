"""What a storm did to those who were dropped and to those who stood by, and whether it was harm: pure."""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from bench.load.plan import Report
from bench.load.reconnecting_clients import Return
from bench.measure.figures import quantile

_FAULTS = ("lost", "doubled", "misordered", "closed")


class Bystanders(BaseModel):
    """One spell. Times in milliseconds."""

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
    def of(cls, when: str, report: Report) -> "Bystanders":
        p50, p90, p99, most = (quantile(report.latencies, share) * 1e3 for share in (0.5, 0.9, 0.99, 1.0))
        return cls(
            when=when,
            sent=report.sent,
            p50=p50,
            p90=p90,
            p99=p99,
            max=most,
            lost=report.lost,
            doubled=report.doubled,
            misordered=report.misordered,
            closed=report.closed,
            refused=len(report.refused),
            late_p99=quantile(report.lateness, 0.99) * 1e3,
        )


class Dropped(BaseModel):
    """Times in seconds."""

    sockets: int
    back: int
    last_back: float
    """From the drop on."""
    absent_p50: float
    absent_max: float
    to_them: int
    missing: int
    skipped: int
    away: int
    commits_per_second: float
    """Of the database, in the fastest second."""
    p99_during_to_before: float
    """Of the bystanders."""

    @classmethod
    def of(cls, returned: Return, sockets: int, began: float, commits: float, slower: float) -> "Dropped":
        """`began`: when they were dropped."""
        return cls(
            sockets=sockets,
            back=len(returned.absences),
            last_back=max(returned.ends, default=began) - began,
            absent_p50=quantile(returned.absences, 0.5),
            absent_max=quantile(returned.absences, 1.0),
            to_them=returned.sent,
            missing=returned.missing,
            skipped=returned.skipped,
            away=returned.away,
            commits_per_second=commits,
            p99_during_to_before=slower,
        )


def harm(reports: Mapping[str, Report], returned: Return, sockets: int) -> Iterator[str]:
    """Everything that a storm must not do."""
    for when, report in reports.items():
        for fault in _FAULTS:
            if count := getattr(report, fault):
                yield f"bystanders {when}: {count} {fault}"
    for fault in ("missing", "skipped", "away"):
        if count := getattr(returned, fault):
            yield f"the crowd: {count} {fault}"
    if len(returned.absences) < sockets:
        yield f"the crowd: {len(returned.absences)} of {sockets} were dropped and came back"


def slower(reports: Mapping[str, Report]) -> float:
    """The bystanders' p99 during the storm to that before it."""
    during, before = (quantile(reports[when].latencies, 0.99) for when in ("during", "before"))
    return during / before
