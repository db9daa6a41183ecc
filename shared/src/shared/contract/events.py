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

ConversationEvent = ConversationStarted | MessageSent | ReadMoved | MemberAdded | MemberRemoved
Event = LogOpened | ConversationEvent

event_adapter: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])

__all__ = [
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
    "UserEvent",
    "event_adapter",
]
