"""What clients and the gateway say to one another (DESIGN of the wire: docs/contract/).

Frames made from an entry are state, never deltas, and carry `version`: a client drops what is not above
the version of the object it holds.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from shared.vocabulary import ClientId, Seq, Text, Timestamp, UserId, Uuid, Wire, is_none


class MessageFields(Wire):
    """A message as everybody sees it."""

    id: Uuid
    conversation_id: Uuid
    seq: Seq
    """Dense number inside the conversation: 1, 2, 3 …, no gaps."""
    sender_id: UserId
    text: str
    created_at: Timestamp
    version: Seq
    client_id: ClientId | None = Field(default=None, exclude_if=is_none)


class Message(MessageFields):
    """A message as one caller sees it."""

    is_read: bool
    """Of another's message: I have read it. Of mine: every other member to whom it is visible has."""


class ConversationFields(Wire):
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


class Conversation(Wire):
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


class ReadFields(Wire):
    conversation_id: Uuid
    user_id: UserId
    up_to: Seq
    version: Seq


class RejectionFields(Wire):
    conversation_id: Uuid
    id: str
    """The message id that was promised by `accepted`; for other events the event's id."""
    client_id: ClientId | None = Field(default=None, exclude_if=is_none)
    reason: str
    """`not_found`, `group_full`, `not_a_group`; later ones may come."""


# To the client -------------------------------------------------------------------------------------------


class HelloFrame(Wire):
    type: Literal["hello"] = "hello"
    user_id: UserId
    cursor: str | None
    heartbeat_seconds: int


class SyncedFrame(Wire):
    type: Literal["synced"] = "synced"
    cursor: str | None


class CursorFrame(Wire):
    type: Literal["cursor"] = "cursor"
    cursor: str


class AcceptedFrame(Wire):
    type: Literal["accepted"] = "accepted"
    id: Uuid
    position: str
    client_id: ClientId | None = Field(default=None, exclude_if=is_none)


class RejectedFrame(RejectionFields):
    type: Literal["rejected"] = "rejected"


class ErrorFrame(Wire):
    type: Literal["error"] = "error"
    code: str
    message: str
    client_id: str | None = Field(default=None, exclude_if=is_none)


class MessageFrame(Message):
    type: Literal["message"] = "message"


class ReadFrame(ReadFields):
    type: Literal["read"] = "read"


class ConversationFrame(ConversationFields):
    type: Literal["conversation"] = "conversation"


class ResetFrame(Wire):
    type: Literal["reset"] = "reset"
    reason: str


class ReconnectFrame(Wire):
    type: Literal["reconnect"] = "reconnect"
    after_ms: int


ServerFrame = (
    HelloFrame
    | SyncedFrame
    | CursorFrame
    | AcceptedFrame
    | RejectedFrame
    | ErrorFrame
    | MessageFrame
    | ReadFrame
    | ConversationFrame
    | ResetFrame
    | ReconnectFrame
)

# From the client -----------------------------------------------------------------------------------------


class SendMessage(Wire):
    type: Literal["message"] = "message"
    conversation_id: Uuid
    text: Text
    client_id: ClientId | None = Field(default=None, exclude_if=is_none)


class MoveRead(Wire):
    type: Literal["read"] = "read"
    conversation_id: Uuid
    up_to: Seq


ClientFrame = SendMessage | MoveRead
client_frame_reader: TypeAdapter[ClientFrame] = TypeAdapter(
    Annotated[ClientFrame, Field(discriminator="type")]
)
