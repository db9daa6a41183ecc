"""What clients send to the REST calls, and what they get that is no read model."""

from typing import Literal, Self

from pydantic import Field, TypeAdapter, ValidationInfo, model_validator

from gateway.api.examples import CLIENT_ID, CONVERSATION, PEER, POSITION, TEXT
from shared.contract.fields import ClientSeq, NewClientId, NewText, NewUserId, Uuid, WireModel
from shared.contract.frames import (
    Conversation,
    ConversationFrame,
    Message,
    MessageFrame,
    ReadFrame,
    RejectedFrame,
)


class NewConversation(WireModel):
    peer_id: NewUserId = Field(examples=[PEER])

    @model_validator(mode="after")
    def _of_two(self, info: ValidationInfo) -> Self:
        if info.context is not None and self.peer_id == info.context["caller"]:
            raise ValueError("peerId: must be somebody else")
        return self


class NewMessage(WireModel):
    conversation_id: Uuid = Field(examples=[CONVERSATION])
    text: NewText = Field(examples=[TEXT])
    client_id: NewClientId | None = Field(default=None, examples=[CLIENT_ID])
    """The client's own name for the message: sent again, it is the same message."""


class NewRead(WireModel):
    conversation_id: Uuid = Field(examples=[CONVERSATION])
    up_to: ClientSeq = Field(examples=[1])
    """The `seq` of the last message read."""


class Accepted(WireModel):
    """In the log. The read models have it once they are past `position`."""

    position: str = Field(examples=[POSITION])
    status: Literal["accepted"] = "accepted"


class AcceptedMessage(Accepted):
    id: Uuid
    conversation_id: Uuid


class ConversationPage(WireModel):
    """At most 512 KiB of items: with long texts fewer than `limit`, although there is a `nextPage`."""

    items: list[Conversation]
    next_page: str | None
    cursor: str


class MessagePage(WireModel):
    """At most 512 KiB of items: with long texts fewer than `limit`, although `hasMore` is true."""

    items: list[Message]
    has_more: bool
    has_older: bool
    has_newer: bool
    cursor: str


class SyncPage(WireModel):
    entries: list[MessageFrame | ReadFrame | ConversationFrame | RejectedFrame]
    """By partition of the log, and in order within a conversation. Fewer than `limit` when they are long:
    `hasMore` says whether there are more, not how many came."""
    cursor: str
    has_more: bool


new_conversation: TypeAdapter[NewConversation] = TypeAdapter(NewConversation)
new_message: TypeAdapter[NewMessage] = TypeAdapter(NewMessage)
new_read: TypeAdapter[NewRead] = TypeAdapter(NewRead)
