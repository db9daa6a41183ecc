"""What each interface of the system shows in the end: pure data, of one history's conversations and users."""

from dataclasses import dataclass, field
from typing import NamedTuple

from tests.chaos.checker.history import Frame
from tests.chaos.checker.reference_model import LogRecord

Outcomes = dict[tuple[int, int], list[str]]
"""(partition, offset) of the log → the outcome in each journal row for it; not restricted to the history."""


class TopicRecord(NamedTuple):
    """A record of the public topic."""

    offset: int
    entry: Frame


class ProbeResult(NamedTuple):
    """How the request of a user who is no member was answered."""

    user: str
    conversation: str
    request: str
    status: int
    expected_status: int = 404


@dataclass
class Projection:
    """The read models in a database."""

    row_hashes: dict[str, str] = field(default_factory=dict)
    """By table."""
    outcomes: Outcomes = field(default_factory=dict)


@dataclass
class FinalState:
    log: list[LogRecord] = field(default_factory=list)
    """By partition and offset."""
    topic: dict[int, list[TopicRecord]] = field(default_factory=dict)
    """By partition, in order, with duplicates."""
    histories: dict[tuple[str, str], list[Frame]] = field(default_factory=dict)
    """(member, conversation) → its messages, oldest first."""
    lists: dict[str, dict[str, Frame]] = field(default_factory=dict)
    """User → conversation id → the conversation as listed."""
    syncs: dict[str, list[Frame]] = field(default_factory=dict)
    """User → every entry since the user's start cursor."""
    unread: dict[tuple[str, str], int] = field(default_factory=dict)
    """(user, conversation) → count of raw rows."""
    offsets: dict[int, range] = field(default_factory=dict)
    """By partition: all offsets from the start cursors to the projection's end, of all producers."""
    probe_results: list[ProbeResult] = field(default_factory=list)
    projection: Projection = field(default_factory=Projection)
    replayed: Projection = field(default_factory=Projection)
    """The log, applied to an empty database."""
    unsettled: list[str] = field(default_factory=list)
    """What did not settle in time."""
