"""Each entry's frame, field by field: what clients receive, without the audience."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from notifier.live.dispatch_entry import DispatchEntry
from shared.contract import frames
from shared.contract.codec import DecodeError
from shared.contract.position import Position
from shared.kafka import Record
from tests.fixtures.entry_builders import EPOCH, TALK, TIME, entry, record, sent

MESSAGE_ID = "0190a4c2-7b1e-7c3d-8e5f-0123456789ab"
CONVERSATION: dict[str, Any] = {
    "conversationId": TALK,
    "kind": "group",
    "title": None,
    "members": ["alice", "bob"],
    "memberCount": 2,
    "createdAt": TIME,
    "updatedAt": TIME,
    "version": 7,
}
MESSAGE: dict[str, Any] = {
    "id": MESSAGE_ID,
    "conversationId": TALK,
    "seq": 3,
    "senderId": "alice",
    "text": "grüße\n🙂",
    "createdAt": TIME,
    "version": 7,
}
READ: dict[str, Any] = {"conversationId": TALK, "userId": "bob", "upTo": 3, "version": 7}
REJECTED: dict[str, Any] = {"conversationId": TALK, "id": MESSAGE_ID, "reason": "not_found"}

GOLDEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("chat.message.sent.v1", MESSAGE, {"type": "message", **MESSAGE, "isRead": False}),
    (
        "chat.message.sent.v1",
        {**MESSAGE, "clientId": "c1"},
        {"type": "message", **MESSAGE, "clientId": "c1", "isRead": False},
    ),
    ("chat.conversation.started.v1", CONVERSATION, {"type": "conversation", **CONVERSATION}),
    (
        "chat.member.added.v1",
        {**CONVERSATION, "userId": "bob"},
        {"type": "conversation", **CONVERSATION},
    ),
    (
        "chat.member.removed.v1",
        {**CONVERSATION, "title": "Tea", "userId": "bob"},
        {"type": "conversation", **CONVERSATION, "title": "Tea"},
    ),
    ("chat.read.moved.v1", READ, {"type": "read", **READ}),
    ("chat.event.rejected.v1", REJECTED, {"type": "rejected", **REJECTED}),
    (
        "chat.event.rejected.v1",
        {**REJECTED, "clientId": "c1"},
        {"type": "rejected", **REJECTED, "clientId": "c1"},
    ),
]


@pytest.mark.parametrize(("kind", "data", "frame"), GOLDEN)
def test_an_entry_becomes_its_frame(kind: str, data: dict[str, Any], frame: dict[str, Any]) -> None:
    published = entry(kind, Position(EPOCH, 0, 7), "alice", {**data, "audience": ["alice", "bob"]})
    dispatch_entry = DispatchEntry.from_record(record(published, 11))
    assert json.loads(dispatch_entry.frame) == frame
    assert TypeAdapter(frames.ServerFrame).validate_json(dispatch_entry.frame)
    assert (dispatch_entry.offset, dispatch_entry.kind, dispatch_entry.conversation) == (11, kind, TALK)
    assert (dispatch_entry.position, dispatch_entry.audience) == (Position(EPOCH, 0, 7), ["alice", "bob"])


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b'{"type":"chat.unknown.v1"}'])
def test_a_malformed_record_is_undecodable(value: bytes | None) -> None:
    with pytest.raises(DecodeError):
        DispatchEntry.from_record(Record(0, 0, b"key", value))


def test_an_entry_whose_id_is_no_position_is_undecodable() -> None:
    value = record(sent(1), 0).value
    assert value is not None
    with pytest.raises(DecodeError, match="id: is not a position"):
        DispatchEntry.from_record(Record(0, 0, b"key", value.replace(f"{EPOCH}-0-1".encode(), b"nowhere")))
