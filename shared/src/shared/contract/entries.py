"""The results of events: the records of `chat.messages`, the public contract.

CloudEvents 1.0, structured mode; `id` is the position of the event in the log (the consumer's dedupe key),
`subject` and the Kafka key are the conversation id (of a user's own entries `user:<id>`), `data` holds the
fields of the client's frame and `audience`: the user ids that the entry is for, resolved. Each stands beside
its event in `kinds`.
"""

from typing import Annotated, get_args

from pydantic import Field, TypeAdapter

from shared.contract.kinds.conversation_started import ConversationData, ConversationStartedEntry
from shared.contract.kinds.event_rejected import EventRejectedEntry, RejectedData
from shared.contract.kinds.member_added import MemberAddedEntry, MembershipData
from shared.contract.kinds.member_removed import MemberRemovedEntry
from shared.contract.kinds.message_sent import MessageSentEntry, SentData
from shared.contract.kinds.read_moved import ReadData, ReadMovedEntry
from shared.contract.kinds.user_revoked import RevocationData, UserRevokedEntry

Entry = (
    MessageSentEntry
    | ConversationStartedEntry
    | MemberAddedEntry
    | MemberRemovedEntry
    | ReadMovedEntry
    | UserRevokedEntry
    | EventRejectedEntry
)
entry_adapter: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="type")])

MEMBER_ENTRY_TYPES = frozenset(
    kind
    for model in get_args(Entry)
    if issubclass(model.model_fields["data"].annotation, ConversationData)
    for kind in get_args(model.model_fields["type"].annotation)
)
"""Entries that name the members, and so may change them."""

__all__ = [
    "MEMBER_ENTRY_TYPES",
    "ConversationData",
    "ConversationStartedEntry",
    "Entry",
    "EventRejectedEntry",
    "MemberAddedEntry",
    "MemberRemovedEntry",
    "MembershipData",
    "MessageSentEntry",
    "ReadData",
    "ReadMovedEntry",
    "RejectedData",
    "RevocationData",
    "SentData",
    "UserRevokedEntry",
    "entry_adapter",
]
