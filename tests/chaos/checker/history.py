"""What clients did and received, recorded while it happened: pure data."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

Frame = dict[str, Any]


class Status(StrEnum):
    OK = "ok"
    FAILED = "failed"
    """Refused for good: without effect."""
    INDETERMINATE = "indeterminate"
    """No definite answer: it may have taken effect."""


@dataclass(frozen=True)
class Attempt:
    """The answer to one attempt of an operation."""

    gateway: str
    status: Status
    id: str | None = None
    position: str | None = None
    code: str = ""


@dataclass
class Operation:
    kind: Literal["send", "read", "start"]
    user: str
    conversation: str
    client_id: str | None = None
    text: str = ""
    """Of a send; unique among all operations."""
    up_to: int = 0
    """Of a read."""
    peer: str = ""
    """Of a start."""
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def accepted(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.status is Status.OK]

    @property
    def status(self) -> Status:
        """OK when one attempt was; else failed only when all attempts were."""
        statuses = {attempt.status for attempt in self.attempts} or {Status.INDETERMINATE}
        return next(
            status for status in (Status.OK, Status.INDETERMINATE, Status.FAILED) if status in statuses
        )


@dataclass
class Connection:
    """One connection from start to end. The connections of a client resume one another."""

    user: str
    client: str
    gateway: str
    resumed_from: str | None
    """A cursor."""
    frames: list[Frame] = field(default_factory=list)
    end: str = ""

    @property
    def last_cursor(self) -> str | None:
        """Where the next connection resumes."""
        newest_first = (frame["cursor"] for frame in reversed(self.frames) if frame.get("cursor"))
        return next(newest_first, self.resumed_from)

    def of(self, kind: str) -> Iterator[Frame]:
        return (frame for frame in self.frames if frame["type"] == kind)


@dataclass(frozen=True)
class Refetch:
    """A look-up in history for a message, at the moment in which its frame arrived."""

    user: str
    conversation: str
    seq: int
    found: bool


@dataclass
class History:
    users: list[str] = field(default_factory=list)
    start_cursors: dict[str, str] = field(default_factory=dict)
    """User → a cursor from before the first operation."""
    operations: list[Operation] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    refetches: list[Refetch] = field(default_factory=list)
    produced_events: dict[str, str] = field(default_factory=dict)
    """Event id → conversation, of the events that were produced directly."""
    unsettled: list[str] = field(default_factory=list)
    """What did not settle in time."""

    @property
    def conversations(self) -> set[str]:
        return {operation.conversation for operation in self.operations} | set(self.produced_events.values())

    def sends(self) -> Iterator[Operation]:
        return (operation for operation in self.operations if operation.kind == "send")
