"""What is told of a folded offset: the record of `chat.messages`, byte for byte as its model would write it.

The projector spends most of its time on these, so they are not models themselves. What goes in was validated
when the event was read; that what comes out is what `entries` says, is held over every story by the tests.
"""

from typing import Any, assert_never

import orjson

from message_store.domain import (
    Conversation,
    Duplicate,
    MemberJoined,
    MemberLeft,
    ReadAdvanced,
    Rejected,
    Sent,
    Skipped,
    Started,
)
from message_store.domain.fold import FoldResult
from shared.contract.fields import SHOWN_MEMBERS
from shared.contract.position import Position


def encode_entry(folded: FoldResult, epoch: str, source: str) -> bytes:
    """An entry as JSON. Raises ValueError for an outcome that is nobody's news."""
    kind, data = _told(folded)
    envelope = {
        "specversion": "1.0",
        "id": str(Position(epoch, folded.partition, folded.offset)),
        "source": source,
        "subject": folded.conversation_id,
        "time": folded.time,
        "datacontenttype": "application/json",
        "actor": folded.actor,
        "type": kind,
        "data": {"audience": folded.audience, **data},
    }
    return orjson.dumps(envelope)


def _told(folded: FoldResult) -> tuple[str, dict[str, Any]]:
    match folded.outcome:
        case Sent() as sent:
            return "chat.message.sent.v1", _sent(sent)
        case Started():
            return "chat.conversation.started.v1", _conversation(folded.state)
        case MemberJoined(user_id=user):
            return "chat.member.added.v1", {**_conversation(folded.state), "userId": user}
        case MemberLeft(user_id=user):
            return "chat.member.removed.v1", {**_conversation(folded.state), "userId": user}
        case ReadAdvanced() as read:
            return "chat.read.moved.v1", _read(read)
        case Rejected(reason=reason):
            return "chat.event.rejected.v1", _rejected(folded, reason)
        case Duplicate() | Skipped():
            raise ValueError("duplicates and skips are not told")
        case _:
            assert_never(folded.outcome)


def _sent(sent: Sent) -> dict[str, Any]:
    shown = {
        "id": sent.message_id,
        "conversationId": sent.conversation_id,
        "seq": sent.seq,
        "senderId": sent.sender,
        "text": sent.text,
        "createdAt": sent.created_at,
        "version": sent.offset,
    }
    return shown if sent.client_id is None else {**shown, "clientId": sent.client_id}


def _conversation(state: Conversation | None) -> dict[str, Any]:
    assert state is not None
    return {
        "conversationId": state.id,
        "kind": state.kind,
        "title": state.title,
        "members": list(state.members)[:SHOWN_MEMBERS],
        "memberCount": len(state.members),
        "createdAt": state.created_at,
        "updatedAt": state.updated_at,
        "version": state.version,
    }


def _read(read: ReadAdvanced) -> dict[str, Any]:
    return {
        "conversationId": read.conversation_id,
        "userId": read.user_id,
        "upTo": read.up_to,
        "version": read.offset,
    }


def _rejected(folded: FoldResult, reason: str) -> dict[str, Any]:
    shown = {"conversationId": folded.conversation_id, "id": folded.subject_id}
    named = {} if folded.client_id is None else {"clientId": folded.client_id}
    return {**shown, **named, "reason": reason}
