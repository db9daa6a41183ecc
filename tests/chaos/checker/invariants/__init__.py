"""One small function for each promise: what it yields are the ways in which it was violated."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.chaos.checker.final_state import FinalState
from tests.chaos.checker.history import History
from tests.chaos.checker.reference_model import ReferenceModel


@dataclass(frozen=True)
class Case:
    did: History
    holds: FinalState
    truth: ReferenceModel


Check = Callable[[Case], Iterator[str]]
