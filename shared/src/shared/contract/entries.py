"""What came of the events: the records of `chat.messages`, the public contract.

CloudEvents 1.0, structured mode; `id` is the position of the event in the log (the consumer's dedupe key),
`subject` and the Kafka key are the conversation id, `data` holds the fields of the client's frame and
`audience`: the user ids that the entry is for, resolved.
"""

from typing import Annotated, Literal, get_args

from pydantic import Field, TypeAdapter

from shared.contract import frames
from shared.contract.events import UserEvent
from shared.contract.fields import UserId, WireModel


class _WithAudience(WireModel):
    audience: list[UserId]
    """Whom the entry is for; show it to nobody else."""


class SentData(frames.MessageFields, _WithAudience):
    pass


class ConversationData(frames.ConversationFields, _WithAudience):
    pass


class MembershipData(ConversationData):
    user_id: UserId
    """Who came or went; `members` is as it is afterwards."""


class ReadData(frames.ReadFields, _WithAudience):
    pass


class RejectedData(frames.RejectionFields, _WithAudience):
    pass


class MessageSentEntry(UserEvent):
    """A message was sent."""

    type: Literal["chat.message.sent.v1"] = "chat.message.sent.v1"
    data: SentData


class ConversationStartedEntry(UserEvent):
    """A conversation was started."""

    type: Literal["chat.conversation.started.v1"] = "chat.conversation.started.v1"
    data: ConversationData


class MemberAddedEntry(UserEvent):
    """A user came to a group."""

    type: Literal["chat.member.added.v1"] = "chat.member.added.v1"
    data: MembershipData


class MemberRemovedEntry(UserEvent):
    """A user left a group, or was removed from it."""

    type: Literal["chat.member.removed.v1"] = "chat.member.removed.v1"
    data: MembershipData


class ReadMovedEntry(UserEvent):
    """A user has read up to a message."""

    type: Literal["chat.read.moved.v1"] = "chat.read.moved.v1"
    data: ReadData


class EventRejectedEntry(UserEvent):
    """What a user did was refused: it changed nothing. For that user alone."""

    type: Literal["chat.event.rejected.v1"] = "chat.event.rejected.v1"
    data: RejectedData


Entry = (
    MessageSentEntry
    | ConversationStartedEntry
    | MemberAddedEntry
    | MemberRemovedEntry
    | ReadMovedEntry
    | EventRejectedEntry
)
entry_adapter: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="type")])

MEMBER_ENTRY_TYPES = frozenset(
    kind
    for model in get_args(Entry)
    if issubclass(model.model_fields["data"].annotation, ConversationData)
    for kind in get_args(model.model_fields["type"].annotation)
)
"""Entries that say who the members are, and so may change them."""
