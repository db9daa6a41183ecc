"""One small function for each promise: what it yields are the ways in which it was broken."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.chaos.checker.final_state import Observed
from tests.chaos.checker.history import Ledger
from tests.chaos.checker.reference_model import Recount


@dataclass(frozen=True)
class Case:
    did: Ledger
    holds: Observed
    truth: Recount


Verdict = Callable[[Case], Iterator[str]]
