"""What the system holds in the end, on every side that it shows: pure data."""

from dataclasses import dataclass, field
from typing import NamedTuple

from tests.chaos.checker.history import Frame
from tests.chaos.checker.reference_model import LogRecord

Outcomes = dict[tuple[int, int], list[str]]
"""(partition, offset) of the log → what came of it, for each row that the journal has for it."""


class TopicRecord(NamedTuple):
    """One record of the public topic."""

    offset: int
    entry: Frame


class ProbeResult(NamedTuple):
    """What a stranger to a conversation was answered, by a route or on a socket."""

    user: str
    conversation: str
    asked: str
    status: int
    right: int = 404


@dataclass
class FinalState:
    """Restricted to the conversations and users of one history, but for outcomes."""

    log: list[LogRecord] = field(default_factory=list)
    """By partition and offset."""
    topic: dict[int, list[TopicRecord]] = field(default_factory=dict)
    """Per partition in order, repetitions and all."""
    histories: dict[tuple[str, str], list[Frame]] = field(default_factory=dict)
    """(member, conversation) → its messages, oldest first."""
    lists: dict[str, dict[str, Frame]] = field(default_factory=dict)
    """User → conversation id → the conversation as listed."""
    syncs: dict[str, list[Frame]] = field(default_factory=dict)
    """User → every entry since the user's first cursor."""
    unread: dict[tuple[str, str], int] = field(default_factory=dict)
    """(user, conversation) → counted from raw rows."""
    meanwhile: dict[int, range] = field(default_factory=dict)
    """Per partition: all offsets from before everything to the projection's end, whoever wrote there."""
    outcomes: Outcomes = field(default_factory=dict)
    probe_results: list[ProbeResult] = field(default_factory=list)
    rows: dict[str, str] = field(default_factory=dict)
    """Table → hash of its rows."""
    replayed: dict[str, str] = field(default_factory=dict)
    """The same of an empty database to which the log was applied."""
    replayed_outcomes: Outcomes = field(default_factory=dict)
    unsettled: list[str] = field(default_factory=list)
    """What did not come to rest in time."""
