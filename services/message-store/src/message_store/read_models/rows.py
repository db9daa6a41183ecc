"""The rows of the read models, as one transaction writes them."""

from dataclasses import dataclass, field
from typing import NamedTuple

from message_store.domain.conversation import Kind, Visibility


class ProgressUpdate(NamedTuple):
    """From where to where the projection of one partition moves. The compare-and-set."""

    partition: int
    expected: int
    next_offset: int
    last_id: str | None
    published: int


class ConversationRow(NamedTuple):
    partition: int
    id: str
    kind: Kind
    title: str | None
    history_visibility: Visibility
    started_offset: int
    created_at: str
    updated_at: str
    version: int
    last_seq: int
    member_count: int


class IntervalRow(NamedTuple):
    """One that began."""

    partition: int
    conversation_id: str
    user_id: str
    from_offset: int
    ordinal: int
    joined_seq: int
    read_seq: int
    to_offset: int | None
    """None: it goes on."""


class ReadRow(NamedTuple):
    """One that was there before, and now."""

    conversation_id: str
    user_id: str
    from_offset: int
    read_seq: int
    to_offset: int | None
    """None: the interval goes on."""


class MessageRow(NamedTuple):
    partition: int
    conversation_id: str
    seq: int
    id: str
    sender_id: str
    client_id: str | None
    text: str
    created_at: str
    sent_offset: int


class MessageKey(NamedTuple):
    conversation_id: str
    id: str


class JournalRow(NamedTuple):
    partition: int
    offset: int
    outcome: str
    kind: str | None
    conversation_id: str | None
    actor: str | None
    time: str | None
    seq: int | None
    """Of a message its seq, of a read what it moved to."""
    subject: str | None = None
    """The member who joined or left; of a rejection what it refused."""
    client_id: str | None = None
    reason: str | None = None
    of_offset: int | None = None
    audience: list[str] | None = None


@dataclass
class WriteSet:
    """Everything that one transaction writes."""

    advances: list[ProgressUpdate] = field(default_factory=list)
    conversations: list[ConversationRow] = field(default_factory=list)
    intervals: list[IntervalRow] = field(default_factory=list)
    reads: list[ReadRow] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    refused: list[MessageKey] = field(default_factory=list)
    """Sends that were rejected: right only if none of them was sent before."""
    journal: list[JournalRow] = field(default_factory=list)
    """Without the sent messages: their rows in it are made of `messages`."""
