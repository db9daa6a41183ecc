"""One small function for each promise: what it yields are the ways in which it was broken."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.faults.ledger import Ledger
from tests.faults.observed import Observed
from tests.faults.recount import Recount


@dataclass(frozen=True)
class Case:
    did: Ledger
    holds: Observed
    truth: Recount


Verdict = Callable[[Case], Iterator[str]]
