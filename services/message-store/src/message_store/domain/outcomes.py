"""What the fold made of one event: exactly one of these for every offset of the log."""

from typing import Literal, NamedTuple

from message_store.domain.conversation import Kind, Member, Visibility

Reason = Literal["not_found", "group_full", "not_a_group"]


class Started(NamedTuple):
    conversation_id: str
    offset: int
    kind: Kind
    title: str | None
    history_visibility: Visibility
    members: tuple[str, ...]
    created_at: str


class Sent(NamedTuple):
    conversation_id: str
    offset: int
    message_id: str
    seq: int
    sender: str
    client_id: str | None
    text: str
    created_at: str


class ReadAdvanced(NamedTuple):
    conversation_id: str
    offset: int
    user_id: str
    up_to: int


class MemberJoined(NamedTuple):
    conversation_id: str
    offset: int
    user_id: str


class MemberLeft(NamedTuple):
    conversation_id: str
    offset: int
    user_id: str
    interval: Member
    """What it was when it ended."""


class Rejected(NamedTuple):
    """Refused by the state as it was; its actor is told."""

    reason: Reason


class Duplicate(NamedTuple):
    """Done before, by the event at offset `of`; nobody is told."""

    of: int


class Skipped(NamedTuple):
    """WriteSet nothing; nobody is told."""

    reason: Literal["log_opened", "no_change", "dead_lettered"]


Entry = Started | Sent | ReadAdvanced | MemberJoined | MemberLeft
"""Changed a conversation."""
Unpublished = Duplicate | Skipped
"""Nobody's news."""
NonMessage = Started | ReadAdvanced | MemberJoined | MemberLeft | Rejected | Unpublished
"""Sent no message."""
Outcome = Sent | NonMessage
