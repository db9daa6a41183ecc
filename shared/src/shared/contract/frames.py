"""What clients and the gateway say to one another (DESIGN of the wire: docs/contract/).

Frames made from an entry are state, never deltas, and carry `version`: a client drops what is not above
the version of the object it holds.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from shared.contract.fields import (
    ClientId,
    ClientSeq,
    NewClientId,
    NewText,
    Seq,
    Timestamp,
    UserId,
    Uuid,
    WireModel,
    is_none,
)


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
    without `version`: live it is told by `read` frames, and by messages, since who writes has read what is
    before; a later answer is right about it."""


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


class ReadFields(WireModel):
    """A user has read everything up to `upTo`."""

    conversation_id: Uuid
    user_id: UserId
    up_to: Seq
    version: Seq
    """Grows with every change: drop what is not above the version that you hold."""


class RejectionFields(WireModel):
    """What the user did was refused after it was accepted."""

    conversation_id: Uuid
    id: str
    """The message id that was promised by `accepted`; for other events the event's id."""
    client_id: ClientId | None = Field(default=None, exclude_if=is_none)
    reason: str
    """`not_found`, `group_full`, `not_a_group`; later ones may come."""


ResetReason = Literal["of_another_user", "of_another_log", "beyond_the_log", "cursor_unusable", "unknown"]

# To the client -------------------------------------------------------------------------------------------


class HelloFrame(WireModel):
    """The first frame: from here on this socket tells everything."""

    type: Literal["hello"] = "hello"
    user_id: UserId
    cursor: str | None
    heartbeat_seconds: int


class SyncedFrame(WireModel):
    """What was missed while away has been sent. After `reset`, or an `error` about the cursor, nothing was:
    fetch anew."""

    type: Literal["synced"] = "synced"
    cursor: str | None


class CursorFrame(WireModel):
    """Everything up to this cursor was sent before this frame; come back with it. One comes at least every
    `heartbeatSeconds`. Null as long as it is not known: keep the cursor that you have."""

    type: Literal["cursor"] = "cursor"
    cursor: str | None


class AcceptedFrame(WireModel):
    """What the client sent will not be lost."""

    type: Literal["accepted"] = "accepted"
    id: Uuid
    position: str
    client_id: ClientId | None = Field(default=None, exclude_if=is_none)


class RejectedFrame(RejectionFields):
    """What was accepted could not be done."""

    type: Literal["rejected"] = "rejected"


class ErrorFrame(WireModel):
    """What the client sent was refused at once; the socket lives."""

    type: Literal["error"] = "error"
    code: str
    """`bad_frame`: no JSON object with a known `type`. `too_big`: above 64 KiB. `invalid`: a field breaks a
    rule. `not_found`: no such conversation, or the caller is not a member of it. `unavailable`: not
    confirmed, send it again with the same `clientId`. `cursor_invalid`: what the socket came with is no
    cursor. Later ones may come."""
    message: str
    client_id: str | None = Field(default=None, exclude_if=is_none)


class MessageFrame(Message):
    """A message."""

    type: Literal["message"] = "message"


class ReadFrame(ReadFields):
    """A member has read up to a message."""

    type: Literal["read"] = "read"


class ConversationFrame(ConversationFields):
    """A conversation, new or changed."""

    type: Literal["conversation"] = "conversation"


class ResetFrame(WireModel):
    """The cursor that the client came with, or was given here, is of no use: fetch anew."""

    type: Literal["reset"] = "reset"
    reason: str
    """`of_another_user`, `of_another_log`, `beyond_the_log`, `cursor_unusable`; `unknown`: something was left
    out before this socket had a cursor; later ones may come."""


class ReconnectFrame(WireModel):
    """This socket is about to close: come back after so many milliseconds."""

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


class SendMessage(WireModel):
    """Send a message. With the same `clientId` it is sent once, however often it is said."""

    type: Literal["message"]
    conversation_id: Uuid
    text: NewText
    client_id: NewClientId | None = Field(default=None, exclude_if=is_none)


class MoveRead(WireModel):
    """All messages up to this seq are read."""

    type: Literal["read"]
    conversation_id: Uuid
    up_to: ClientSeq


ClientFrame = SendMessage | MoveRead
client_frame_adapter: TypeAdapter[ClientFrame] = TypeAdapter(
    Annotated[ClientFrame, Field(discriminator="type")]
)
