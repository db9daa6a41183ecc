"""A conversation was started."""

from typing import Literal

from pydantic import Field

from shared.contract.fields import MAX_MEMBERS, Seq, Timestamp, Title, UserId, Uuid, WireModel, is_none
from shared.contract.kinds.cloud_event import EntryBase, UserEvent, WithAudience, project
from shared.contract.kinds.message_sent import Message


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


class ConversationFields(WireModel):
    """A conversation as everybody sees it: nothing personal in it."""

    conversation_id: Uuid
    kind: Literal["direct", "group"]
    title: str | None
    members: list[UserId]
    """In join order, the first 100."""
    member_count: int
    created_at: Timestamp
    updated_at: Timestamp
    version: Seq
    """Grows with every change: drop what is not above the version that you hold."""


class Conversation(WireModel):
    """A conversation as one member sees it."""

    id: Uuid
    kind: Literal["direct", "group"]
    title: str | None
    peer_id: UserId | None = Field(default=None, exclude_if=is_none)
    members: list[UserId]
    member_count: int
    last_message: Message | None
    last_seq: Seq
    read_seq: Seq
    unread_count: int
    created_at: Timestamp
    updated_at: Timestamp
    version: Seq
    """Grows with every change: drop what is not above the version that you hold."""


class ConversationFrame(ConversationFields):
    """A conversation, new or changed."""

    type: Literal["conversation"] = "conversation"


class ConversationData(ConversationFields, WithAudience):
    pass


class ConversationStartedEntry(EntryBase):
    """A conversation was started."""

    type: Literal["chat.conversation.started.v1"] = "chat.conversation.started.v1"
    data: ConversationData

    def frame(self) -> ConversationFrame:
        return project(ConversationFrame, self.data)
