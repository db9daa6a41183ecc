"""What a chaos run found: pure data."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.checker.checker import Invariant, Violation
from tests.chaos.recovery import Recovery

LOSSES = {Invariant.ACCEPTED_KEPT, Invariant.NOTHING_MISSED}
DUPLICATES = {Invariant.IDEMPOTENT, Invariant.CONNECTION_ORDER}


@dataclass(frozen=True)
class FaultResult:
    fault: str
    recovery: Recovery
    error: str = ""
    """Why this does not count as a recovery."""
    killed_kind: str = ""


@dataclass(frozen=True)
class GroupResult:
    """Faults of one group, under one load."""

    group: str
    faults: Sequence[FaultResult]
    operations: int
    violations: Sequence[Violation]

    @property
    def lost(self) -> int:
        return sum(violation.invariant in LOSSES for violation in self.violations)

    @property
    def duplicated(self) -> int:
        return sum(violation.invariant in DUPLICATES for violation in self.violations)

    @property
    def passed(self) -> bool:
        """Whether all invariants hold and all faults were injected and recovered from. A run without
        operations or faults proves nothing."""
        errors = any(fault.error for fault in self.faults)
        return bool(self.operations and self.faults) and not errors and not self.violations

    @property
    def recovered_in_time(self) -> bool:
        return all(fault.recovery.in_time for fault in self.faults)

    @property
    def failovers(self) -> dict[str, list[float]]:
        """By kind of process: seconds from each kill -9 to the next delivery everywhere."""
        seconds: dict[str, list[float]] = {}
        for fault in self.faults:
            if fault.killed_kind:
                seconds.setdefault(fault.killed_kind, []).append(fault.recovery.delivered)
        return seconds
