"""The frames between clients and the gateway (described in docs/contract/).

Frames made from an entry stand beside it in `kinds`. They are state, never deltas, and carry `version`: a
client drops what is not above the version of the object it holds. The others are about the connection.
"""

from typing import Literal

from pydantic import Field

from shared.contract.fields import ClientId, Timestamp, UserId, Uuid, WireModel, is_none
from shared.contract.kinds.conversation_started import Conversation, ConversationFields, ConversationFrame
from shared.contract.kinds.event_rejected import RejectedFrame, RejectionFields
from shared.contract.kinds.message_sent import Message, MessageFields, MessageFrame
from shared.contract.kinds.read_moved import ReadFields, ReadFrame

ResetReason = Literal["of_another_user", "of_another_log", "beyond_the_log", "cursor_unusable", "unknown"]

# To the client -------------------------------------------------------------------------------------------


class HelloFrame(WireModel):
    """The first frame: every entry from here on is sent on this connection."""

    type: Literal["hello"] = "hello"
    user_id: UserId
    cursor: str | None
    heartbeat_seconds: int


class SyncedFrame(WireModel):
    """Everything missed since the client's cursor has been sent. After `reset`, or an `error` about the
    cursor, nothing was: fetch the conversations again."""

    type: Literal["synced"] = "synced"
    cursor: str | None


class CursorFrame(WireModel):
    """Everything up to this cursor was sent before this frame; reconnect with it. Sent at least every
    `heartbeatSeconds`. Null while it is not known: keep the last one."""

    type: Literal["cursor"] = "cursor"
    cursor: str | None


class AcceptedFrame(WireModel):
    """The client's frame is in the log and will not be lost."""

    type: Literal["accepted"] = "accepted"
    id: Uuid
    position: str
    client_id: ClientId | None = Field(default=None, exclude_if=is_none)


class ErrorFrame(WireModel):
    """The client's frame was refused; the connection stays open."""

    type: Literal["error"] = "error"
    code: str
    """`bad_frame`: not a JSON object with a known `type`. `too_big`: above 64 KiB. `invalid`: a field breaks
    a rule. `not_found`: no such conversation, or the caller is not a member of it. `unavailable`: not
    confirmed; send it again with the same `clientId`. `too_many`: more frames than a user may send; send it
    again after `afterMs`, with the same `clientId`. `cursor_invalid`: the `cursor` of the connection's URL is
    malformed. Later releases may add codes."""
    message: str
    client_id: str | None = Field(default=None, exclude_if=is_none)
    after_ms: int | None = Field(default=None, exclude_if=is_none, ge=0)
    """With `too_many`: milliseconds to wait."""


class AuthenticatedFrame(WireModel):
    """The answer to `auth`: the socket goes on with the new token."""

    type: Literal["authenticated"] = "authenticated"
    expires_at: Timestamp | None = Field(default=None, exclude_if=is_none)
    """The socket is closed with 4401 then, unless a newer token was sent; absent: it does not expire."""


class ResetFrame(WireModel):
    """The client's cursor cannot be resumed from: fetch the conversations again and continue with their
    cursor."""

    type: Literal["reset"] = "reset"
    reason: str
    """`of_another_user`, `of_another_log`, `beyond_the_log`, `cursor_unusable`; `unknown`: entries were
    skipped before this connection had a cursor. Later releases may add reasons."""


class ReconnectFrame(WireModel):
    """This connection is about to close: reconnect after `afterMs` milliseconds."""

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
    | AuthenticatedFrame
)

__all__ = [
    "AcceptedFrame",
    "AuthenticatedFrame",
    "Conversation",
    "ConversationFields",
    "ConversationFrame",
    "CursorFrame",
    "ErrorFrame",
    "HelloFrame",
    "Message",
    "MessageFields",
    "MessageFrame",
    "ReadFields",
    "ReadFrame",
    "ReconnectFrame",
    "RejectedFrame",
    "RejectionFields",
    "ResetFrame",
    "ResetReason",
    "ServerFrame",
    "SyncedFrame",
]
