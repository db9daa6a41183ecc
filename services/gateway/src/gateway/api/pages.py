"""What REST calls answer besides the models of the contract."""

from pydantic import Field

from gateway.examples import TICKET, TICKET_EXPIRES_AT
from shared.contract.fields import Timestamp, WireModel
from shared.contract.frames import (
    Conversation,
    ConversationFrame,
    Message,
    MessageFrame,
    ReadFrame,
    RejectedFrame,
)


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
    `hasMore` shows whether there are more, not how many came."""
    cursor: str
    has_more: bool


class WebSocketTicket(WireModel):
    """Connect to `/ws?token=<ticket>`: once, and before it expires."""

    ticket: str = Field(examples=[TICKET])
    expires_at: Timestamp = Field(examples=[TICKET_EXPIRES_AT])
    """When it can no longer be used; the socket itself lives as long as the caller's token."""
