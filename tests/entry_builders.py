"""Entries with everything filled in but what a test is about."""

from collections.abc import Sequence
from typing import Any

from shared.contract import codec, ids
from shared.contract.entries import Entry, entry_adapter
from shared.contract.position import Position
from shared.kafka import Record

EPOCH = "0123456789abcdef"
TALK = ids.direct_conversation_id("alice", "bob")
TIME = "2026-01-01T12:00:00.000Z"


def sent(
    place: int,
    audience: Sequence[str] = ("alice", "bob"),
    *,
    text: str = "hello",
    conversation: str = TALK,
    partition: int = 0,
    epoch: str = EPOCH,
) -> Entry:
    """The message whose event stands at offset `place` of the log's partition."""
    data = {
        "id": ids.message_id(conversation, audience[0], str(place)),
        "conversationId": conversation,
        "seq": place,
        "senderId": audience[0],
        "text": text,
        "createdAt": TIME,
        "version": place,
        "audience": list(audience),
    }
    return entry("chat.message.sent.v1", Position(epoch, partition, place), audience[0], data)


def entry(kind: str, position: Position, actor: str, data: dict[str, Any]) -> Entry:
    envelope = {
        "specversion": "1.0",
        "id": str(position),
        "source": "test",
        "subject": data["conversationId"],
        "time": TIME,
        "datacontenttype": "application/json",
        "actor": actor,
    }
    return entry_adapter.validate_python({**envelope, "type": kind, "data": data})


def record(told: Entry, offset: int, partition: int = 0) -> Record:
    """As it would be read from `chat.messages`."""
    return Record(partition, offset, told.subject.encode(), codec.encode(told))
