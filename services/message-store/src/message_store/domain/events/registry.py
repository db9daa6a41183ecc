"""All kinds of event, indexed by event, entry and journal name: the map of the product.

A new kind is a module beside these, one line in `KINDS` and its classes in `Entry`. A test holds the registry
against the contract: every event and every entry that is published has a kind, and no other.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar, get_args

from message_store.domain.events import (
    conversation_started,
    member_added,
    member_removed,
    message_sent,
    read_moved,
    user_revoked,
)
from message_store.domain.events.conversation_started import ConversationStarted
from message_store.domain.events.kind import EventKind
from message_store.domain.events.member_added import MemberAdded
from message_store.domain.events.member_removed import MemberRemoved
from message_store.domain.events.message_sent import MessageSent
from message_store.domain.events.read_moved import ReadMoved
from message_store.domain.events.user_revoked import UserRevoked
from shared.contract import events

E = TypeVar("E", bound=events.AggregateEvent)
N = TypeVar("N")

Entry = ConversationStarted | MessageSent | ReadMoved | MemberAdded | MemberRemoved | UserRevoked
"""The outcome of an event that changed its aggregate."""


class Registration(NamedTuple):
    event: type[Any]
    entry: type[Any]
    kind: EventKind[Any, Any]


def _register(event: type[E], entry: type[N], kind: EventKind[E, N]) -> Registration:
    """Let mypy check that the three fit together."""
    return Registration(event, entry, kind)


KINDS = (
    _register(events.ConversationStarted, ConversationStarted, conversation_started),
    _register(events.MessageSent, MessageSent, message_sent),
    _register(events.ReadMoved, ReadMoved, read_moved),
    _register(events.MemberAdded, MemberAdded, member_added),
    _register(events.MemberRemoved, MemberRemoved, member_removed),
    _register(events.UserRevoked, UserRevoked, user_revoked),
)

KIND_OF_EVENT: Mapping[type[Any], EventKind[Any, Any]] = {each.event: each.kind for each in KINDS}
KIND_OF_ENTRY: Mapping[type[Any], EventKind[Any, Any]] = {each.entry: each.kind for each in KINDS}
KIND_IN_JOURNAL: Mapping[str, EventKind[Any, Any]] = {each.kind.JOURNAL_KIND: each.kind for each in KINDS}

EVENT_TYPES = frozenset(
    name for each in KINDS for name in get_args(each.event.model_fields["type"].annotation)
)
"""The types of the events that this release can fold."""
