"""What the system holds in the end, on every side that it shows: pure data."""

from dataclasses import dataclass, field
from typing import NamedTuple

from tests.faults.ledger import Frame
from tests.faults.recount import Logged


class Told(NamedTuple):
    """One record of the public topic."""

    offset: int
    entry: Frame


class Trespass(NamedTuple):
    """What a stranger to a conversation was answered; 404 is right."""

    user: str
    conversation: str
    asked: str
    status: int


@dataclass
class Observed:
    """Restricted to the conversations and users of one ledger."""

    log: list[Logged] = field(default_factory=list)
    """By partition and offset."""
    topic: dict[int, list[Told]] = field(default_factory=dict)
    """Per partition in order, repetitions and all."""
    histories: dict[tuple[str, str], list[Frame]] = field(default_factory=dict)
    """(member, conversation) → its messages, oldest first."""
    lists: dict[str, dict[str, Frame]] = field(default_factory=dict)
    """User → conversation id → the conversation as listed."""
    syncs: dict[str, list[Frame]] = field(default_factory=dict)
    """User → every entry since the user's first cursor."""
    unread: dict[tuple[str, str], int] = field(default_factory=dict)
    """(user, conversation) → counted from raw rows."""
    outcomes: dict[tuple[int, int], int] = field(default_factory=dict)
    """(partition, offset) of the log → how many rows the journal has for it."""
    trespasses: list[Trespass] = field(default_factory=list)
    rows: dict[str, str] = field(default_factory=dict)
    """Table → hash of its rows."""
    replayed: dict[str, str] = field(default_factory=dict)
    """The same of an empty database to which the log was applied."""
    unsettled: list[str] = field(default_factory=list)
    """What did not come to rest in time."""
