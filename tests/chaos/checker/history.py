"""What clients did and what they saw: pure data, written down while it happens, judged afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

Frame = dict[str, Any]


class Status(StrEnum):
    OK = "ok"
    FAILED = "failed"
    """Refused for good: nothing came of it."""
    INDETERMINATE = "indeterminate"
    """No answer, or one that leaves it open: it may have landed."""


@dataclass(frozen=True)
class Attempt:
    """What one attempt was told."""

    via: str
    """The gateway."""
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
    """Of a send; no two operations have the same."""
    up_to: int = 0
    """Of a read."""
    peer: str = ""
    """Of a start."""
    began: float = 0.0
    """When it was meant to begin, on the clients' clock."""
    answers: list[Attempt] = field(default_factory=list)

    @property
    def accepted(self) -> list[Attempt]:
        return [answer for answer in self.answers if answer.status is Status.OK]

    @property
    def status(self) -> Status:
        statuses = {answer.status for answer in self.answers} or {Status.INDETERMINATE}
        return next(
            status for status in (Status.OK, Status.INDETERMINATE, Status.FAILED) if status in statuses
        )


@dataclass
class Connection:
    """One socket, from its opening to its end. The connections of a device resume one another."""

    user: str
    device: str
    via: str
    resumed_from: str | None
    frames: list[Frame] = field(default_factory=list)
    end: str = ""

    @property
    def last_cursor(self) -> str | None:
        """Where the next one goes on."""
        newest_first = (frame["cursor"] for frame in reversed(self.frames) if frame.get("cursor"))
        return next(newest_first, self.resumed_from)

    def of(self, kind: str) -> Iterator[Frame]:
        return (frame for frame in self.frames if frame["type"] == kind)


@dataclass(frozen=True)
class Refetch:
    """History, asked for a message in the moment in which its frame came."""

    user: str
    conversation: str
    seq: int
    found: bool


@dataclass
class History:
    users: list[str] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)
    """User → a cursor from before everything."""
    operations: list[Operation] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    refetches: list[Refetch] = field(default_factory=list)
    produced: dict[str, str] = field(default_factory=dict)
    """Event id → conversation, of what was put into the log directly."""
    unsettled: list[str] = field(default_factory=list)
    """What did not come to rest in time."""

    @property
    def conversations(self) -> set[str]:
        return {operation.conversation for operation in self.operations} | set(self.produced.values())

    def sends(self) -> Iterator[Operation]:
        return (operation for operation in self.operations if operation.kind == "send")

    def devices(self) -> dict[str, list[Connection]]:
        """The connections of each, in order."""
        found: dict[str, list[Connection]] = {}
        for connection in self.connections:
            found.setdefault(connection.device, []).append(connection)
        return found
