"""What users did, as the gateway accepted it: the records of `chat.events`.

A closed union of CloudEvents 1.0 (structured mode), one module of `kinds` each. Internal to Parley, and
permanent: once written, a type is never changed, only followed by a next version. Personal content sits in
`data.content` beside `data.contentKey`, the name of the key that seals it (null: not sealed); nothing
personal stands elsewhere.
"""

from typing import Annotated

from pydantic import Field, TypeAdapter

from shared.contract.kinds.cloud_event import CloudEvent, UserEvent
from shared.contract.kinds.conversation_started import (
    ConversationStarted,
    ConversationStartedData,
    TitleContent,
)
from shared.contract.kinds.log_opened import LogOpened, LogOpenedData
from shared.contract.kinds.member_added import MemberAdded, MemberEventData
from shared.contract.kinds.member_removed import MemberRemoved
from shared.contract.kinds.message_sent import MessageSent, MessageSentData, TextContent
from shared.contract.kinds.read_moved import ReadMoved, ReadMovedData
from shared.contract.kinds.user_revoked import UserRevoked, UserRevokedData, user_key

ConversationEvent = ConversationStarted | MessageSent | ReadMoved | MemberAdded | MemberRemoved
UserAggregateEvent = UserRevoked
AggregateEvent = ConversationEvent | UserAggregateEvent
Event = LogOpened | AggregateEvent

event_adapter: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])


def conversation_of(event: AggregateEvent) -> str | None:
    """Return the id of the conversation that the event belongs to; None for an event of a user."""
    return None if isinstance(event, UserAggregateEvent) else event.data.conversation_id


def key_of(event: AggregateEvent) -> str:
    """Return the key of the event's aggregate. The record's key and `subject` must equal it."""
    return (
        user_key(event.data.user_id) if isinstance(event, UserAggregateEvent) else event.data.conversation_id
    )


__all__ = [
    "AggregateEvent",
    "CloudEvent",
    "ConversationEvent",
    "ConversationStarted",
    "ConversationStartedData",
    "Event",
    "LogOpened",
    "LogOpenedData",
    "MemberAdded",
    "MemberEventData",
    "MemberRemoved",
    "MessageSent",
    "MessageSentData",
    "ReadMoved",
    "ReadMovedData",
    "TextContent",
    "TitleContent",
    "UserAggregateEvent",
    "UserEvent",
    "UserRevoked",
    "UserRevokedData",
    "conversation_of",
    "event_adapter",
    "key_of",
    "user_key",
]
