"""What became of faults: pure data."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.checker.checker import Invariant, Violation
from tests.chaos.recovery import Recovery

LOST = {Invariant.KEPT, Invariant.NOTHING_MISSED}
DOUBLED = {Invariant.ONCE, Invariant.SOCKET_ORDER}


@dataclass(frozen=True)
class FaultResult:
    """One fault, and how long it took to recover from it."""

    fault: str
    recovery: Recovery
    wrong: str = ""
    """Why this counts as no recovery."""
    kind: str = ""
    """Of the process that was killed."""


@dataclass(frozen=True)
class GroupResult:
    """Some faults of one group, under one load."""

    group: str
    suffered: Sequence[FaultResult]
    operations: int
    violations: Sequence[Violation]

    @property
    def lost(self) -> int:
        return sum(violation.promise in LOST for violation in self.violations)

    @property
    def doubled(self) -> int:
        return sum(violation.promise in DOUBLED for violation in self.violations)

    @property
    def faultless(self) -> bool:
        """Whether every promise was kept, and all faults happened and were recovered from. A run in which
        nothing was done, or nothing was violated, proves nothing."""
        happened = self.operations and self.suffered and not any(each.wrong for each in self.suffered)
        return bool(happened) and not self.violations

    @property
    def deliveries(self) -> dict[str, list[float]]:
        """By kind of process: seconds from each kill -9 to the next delivery everywhere."""
        found: dict[str, list[float]] = {}
        for each in self.suffered:
            if each.kind:
                found.setdefault(each.kind, []).append(each.recovery.delivered)
        return found

    @property
    def in_time(self) -> bool:
        return all(each.recovery.in_time for each in self.suffered)
