"""A message was sent."""

from typing import Literal

from pydantic import Field

from shared.contract.fields import ClientId, Seq, Text, Timestamp, UserId, Uuid, WireModel, is_none
from shared.contract.kinds.cloud_event import EntryBase, UserEvent, WithAudience, project


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


class MessageFields(WireModel):
    """A message as everybody sees it."""

    id: Uuid
    conversation_id: Uuid
    seq: Seq
    """Dense number inside the conversation: 1, 2, 3 …, no gaps."""
    sender_id: UserId
    text: str
    created_at: Timestamp
    version: Seq
    """Grows with every change: drop what is not above the version that you hold."""
    client_id: ClientId | None = Field(default=None, exclude_if=is_none)


class Message(MessageFields):
    """A message as one caller sees it."""

    is_read: bool
    """Of another's message: I have read it. Of mine: every other member to whom it is visible has. It moves
    without `version`: live it is announced by `read` frames, and by messages, since who writes has read what
    is before; a later answer is right about it."""


class MessageFrame(Message):
    """A message."""

    type: Literal["message"] = "message"


class SentData(MessageFields, WithAudience):
    pass


class MessageSentEntry(EntryBase):
    """A message was sent."""

    type: Literal["chat.message.sent.v1"] = "chat.message.sent.v1"
    data: SentData

    def frame(self) -> MessageFrame:
        return project(MessageFrame, self.data, is_read=False)  # nobody can have read it yet
