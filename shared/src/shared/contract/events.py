"""What users did, as the gateway accepted it: the records of `chat.events`.

A closed union of CloudEvents 1.0 (structured mode). Internal to Parley, and for ever: once written, a
type is never changed, only followed by a next version. Personal content sits in `data.content` beside
`data.contentKey`, the name of the key that seals it (null: not sealed); nothing personal stands elsewhere.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from shared.contract.fields import (
    MAX_MEMBERS,
    ClientId,
    Seq,
    Text,
    Timestamp,
    Title,
    UserId,
    Uuid,
    WireModel,
    is_none,
)


class CloudEvent(WireModel):
    """The attributes that every record of Parley carries (CloudEvents 1.0)."""

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(min_length=1, max_length=128)
    """Tells a repetition from a new record. Of an entry: the position of its event, opaque."""
    source: str = Field(min_length=1, max_length=256)
    """The deployment that wrote it."""
    subject: str = Field(min_length=1, max_length=256)
    """The record's key: mostly the conversation id."""
    time: Timestamp
    """When the user did it."""
    datacontenttype: Literal["application/json"] = "application/json"


class UserEvent(CloudEvent):
    actor: UserId
    """Who did it."""


class LogOpenedData(WireModel):
    epoch: str = Field(pattern=r"^[0-9a-f]{16}$")
    partitions: int = Field(ge=1, le=4_096)


class LogOpened(CloudEvent):
    """Offset 0 of every partition: which log this is. Written by the topic-making job, null key."""

    type: Literal["chat.log.opened.v1"] = "chat.log.opened.v1"
    data: LogOpenedData


class TitleContent(WireModel):
    title: Title | None = None


class ConversationStartedData(WireModel):
    conversation_id: Uuid
    kind: Literal["direct", "group"]
    members: list[UserId] = Field(min_length=1, max_length=2 * MAX_MEMBERS)
    history_visibility: Literal["all", "joined"] = "all"
    content: TitleContent = TitleContent()
    content_key: str | None = None


class ConversationStarted(UserEvent):
    type: Literal["chat.event.conversation-started.v1"] = "chat.event.conversation-started.v1"
    data: ConversationStartedData


class TextContent(WireModel):
    text: Text


class MessageSentData(WireModel):
    conversation_id: Uuid
    message_id: Uuid
    client_id: ClientId | None = Field(default=None, exclude_if=is_none)
    content: TextContent
    content_key: str | None = None


class MessageSent(UserEvent):
    type: Literal["chat.event.message-sent.v1"] = "chat.event.message-sent.v1"
    data: MessageSentData


class ReadMovedData(WireModel):
    conversation_id: Uuid
    up_to: Seq


class ReadMoved(UserEvent):
    type: Literal["chat.event.read-moved.v1"] = "chat.event.read-moved.v1"
    data: ReadMovedData


class MembershipData(WireModel):
    conversation_id: Uuid
    user_id: UserId


class MemberAdded(UserEvent):
    type: Literal["chat.event.member-added.v1"] = "chat.event.member-added.v1"
    data: MembershipData


class MemberRemoved(UserEvent):
    type: Literal["chat.event.member-removed.v1"] = "chat.event.member-removed.v1"
    data: MembershipData


ConversationEvent = ConversationStarted | MessageSent | ReadMoved | MemberAdded | MemberRemoved
Event = LogOpened | ConversationEvent

event_adapter: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
