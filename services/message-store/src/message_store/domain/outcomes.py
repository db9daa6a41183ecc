"""What the fold made of one event: exactly one of these for every offset of the log."""

from dataclasses import dataclass
from typing import Literal

from message_store.domain.conversation import Kind, Visibility

Reason = Literal["not_found", "group_full", "not_a_group"]


@dataclass(frozen=True, slots=True)
class Started:
    conversation_id: str
    offset: int
    kind: Kind
    title: str | None
    history_visibility: Visibility
    members: tuple[str, ...]
    created_at: str


@dataclass(frozen=True, slots=True)
class Sent:
    conversation_id: str
    offset: int
    message_id: str
    seq: int
    sender: str
    client_id: str | None
    text: str
    created_at: str


@dataclass(frozen=True, slots=True)
class ReadAdvanced:
    conversation_id: str
    offset: int
    user_id: str
    up_to: int


@dataclass(frozen=True, slots=True)
class MemberJoined:
    conversation_id: str
    offset: int
    user_id: str


@dataclass(frozen=True, slots=True)
class MemberLeft:
    conversation_id: str
    offset: int
    user_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused by the state as it was; its actor is told."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Done before, by the event at offset `of`; nobody is told."""

    of: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """Changes nothing; nobody is told."""

    reason: Literal["log_opened", "no_change", "dead_lettered"]


Entry = Started | Sent | ReadAdvanced | MemberJoined | MemberLeft
"""Changed a conversation."""
Outcome = Entry | Rejected | Duplicate | Skipped
