"""Counts how the calls and frames of each command end: the indicator of "sends are accepted".

`refused` is the client's: its conversation or its rights. `failed` is ours: the log did not confirm,
membership could not be checked, or a bug. What is refused before it is a command (malformed,
unauthenticated, over a limit) is not counted here.
"""

from functools import cache
from http import HTTPStatus
from types import TracebackType

from gateway import metrics
from shared.http.problems import Problem


class CommandOutcomes:
    """Counts the outcomes of one command; as a context manager, that of its block."""

    def __init__(self, operation: str) -> None:
        self._accepted = metrics.commands.labels(operation, "accepted")
        self._refused = metrics.commands.labels(operation, "refused")
        self._failed = metrics.commands.labels(operation, "failed")

    def count(self, error: BaseException | None) -> None:
        """Count one outcome: None for an accepted command. A cancelled one has none."""
        if error is None:
            self._accepted.inc()
        elif isinstance(error, Problem) and error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            self._refused.inc()
        elif isinstance(error, Exception):
            self._failed.inc()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.count(error)


@cache
def outcomes_of(operation: str) -> CommandOutcomes:
    """Return the counters of a command, by its operation."""
    return CommandOutcomes(operation)
