"""The state of one conversation: what decide needs to know, and no more."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Kind = Literal["direct", "group"]
Visibility = Literal["all", "joined"]


class Member(NamedTuple):
    """One interval of membership that has not ended."""

    from_offset: int
    ordinal: int
    """The place among those who joined by the same event."""
    joined_seq: int
    read_seq: int


class Conversation(NamedTuple):
    id: str
    kind: Kind
    title: str | None
    history_visibility: Visibility
    started_offset: int
    created_at: str
    updated_at: str
    version: int
    last_seq: int
    members: Mapping[str, Member]
    """The present members, in join order."""
    sent: Mapping[str, int] = MappingProxyType({})
    """Message id → offset, of messages that this batch says again, as far as that is known (`batch`)."""
