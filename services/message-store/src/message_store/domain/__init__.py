"""What an event means. Pure: no await, clock, uuid, log or I/O."""

from message_store.domain.conversation import Conversation, Member
from message_store.domain.decide import decide
from message_store.domain.evolve import evolve
from message_store.domain.outcomes import (
    Duplicate,
    Entry,
    MemberJoined,
    MemberLeft,
    NonMessage,
    Outcome,
    ReadAdvanced,
    Rejected,
    Sent,
    Skipped,
    Started,
    Unpublished,
)

__all__ = [
    "Conversation",
    "Duplicate",
    "Entry",
    "Member",
    "MemberJoined",
    "MemberLeft",
    "NonMessage",
    "Outcome",
    "ReadAdvanced",
    "Rejected",
    "Sent",
    "Skipped",
    "Started",
    "Unpublished",
    "decide",
    "evolve",
]
