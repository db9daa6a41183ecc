"""What clients send to the REST calls, and what they get that is no read model."""

from typing import Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from shared.frames import Conversation, Message
from shared.vocabulary import ClientId, Seq, Text, UserId, Uuid, Wire

_CONVERSATION = "0b0f3a52-98a5-5f0e-9d83-0d8fb1f4e7a1"


class NewConversation(Wire):
    peer_id: UserId = Field(examples=["ben"])


class NewMessage(Wire):
    conversation_id: Uuid = Field(examples=[_CONVERSATION])
    text: Text = Field(examples=["Hello!"])
    client_id: ClientId | None = Field(default=None, examples=["7f3c-1"])
    """The client's own name for the message: sent again, it is the same message."""


class NewRead(Wire):
    conversation_id: Uuid = Field(examples=[_CONVERSATION])
    up_to: Seq = Field(examples=[12])
    """The `seq` of the last message read."""


class Accepted(Wire):
    """In the log. The read models have it once they are past `position`."""

    position: str = Field(examples=["9f0c2d4e6a8b1c3d-7-1042"])
    status: Literal["accepted"] = "accepted"


class AcceptedMessage(Accepted):
    id: Uuid
    conversation_id: Uuid


class ConversationPage(Wire):
    items: list[Conversation]
    next_page: str | None
    cursor: str


class MessagePage(Wire):
    items: list[Message]
    has_more: bool
    has_older: bool
    has_newer: bool
    cursor: str


new_conversation: TypeAdapter[NewConversation] = TypeAdapter(NewConversation)
new_message: TypeAdapter[NewMessage] = TypeAdapter(NewMessage)
new_read: TypeAdapter[NewRead] = TypeAdapter(NewRead)


def described(model: type[BaseModel]) -> dict[str, Any]:
    """A request body for OpenAPI."""
    schema = model.model_json_schema()
    example = {name: field["examples"][0] for name, field in schema["properties"].items()}
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}
