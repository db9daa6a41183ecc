"""What is told of a folded offset: the record of `chat.messages`."""

from typing import Any, assert_never

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
from message_store.fold import Folded
from shared import entries
from shared.position import Position
from shared.vocabulary import SHOWN_MEMBERS


def record(folded: Folded, epoch: str, source: str) -> entries.Entry:
    """Raises ValueError for an outcome that is nobody's news."""
    audience = list(folded.audience)
    envelope: dict[str, Any] = {
        "id": str(Position(epoch, folded.partition, folded.offset)),
        "source": source,
        "subject": folded.conversation_id,
        "time": folded.time,
        "actor": folded.actor,
    }
    match folded.outcome:
        case Sent() as sent:
            return entries.MessageSent(**envelope, data=_sent(sent, audience))
        case Started():
            started = entries.ConversationData(**_conversation(folded.state), audience=audience)
            return entries.ConversationStarted(**envelope, data=started)
        case MemberJoined(user_id=user):
            added = entries.MembershipData(**_conversation(folded.state), audience=audience, user_id=user)
            return entries.MemberAdded(**envelope, data=added)
        case MemberLeft(user_id=user):
            removed = entries.MembershipData(**_conversation(folded.state), audience=audience, user_id=user)
            return entries.MemberRemoved(**envelope, data=removed)
        case ReadAdvanced() as read:
            return entries.ReadMoved(**envelope, data=_read(read, audience))
        case Rejected(reason=reason):
            return entries.EventRejected(**envelope, data=_rejected(folded, reason, audience))
        case Duplicate() | Skipped():
            raise ValueError("duplicates and skips are not told")
        case _:
            assert_never(folded.outcome)


def _sent(sent: Sent, audience: list[str]) -> entries.SentData:
    return entries.SentData(
        id=sent.message_id,
        conversation_id=sent.conversation_id,
        seq=sent.seq,
        sender_id=sent.sender,
        text=sent.text,
        created_at=sent.created_at,
        version=sent.offset,
        client_id=sent.client_id,
        audience=audience,
    )


def _conversation(state: Conversation | None) -> dict[str, Any]:
    assert state is not None
    return {
        "conversation_id": state.id,
        "kind": state.kind,
        "title": state.title,
        "members": list(state.members)[:SHOWN_MEMBERS],
        "member_count": len(state.members),
        "created_at": state.created_at,
        "updated_at": state.updated_at,
        "version": state.version,
    }


def _read(read: ReadAdvanced, audience: list[str]) -> entries.ReadData:
    return entries.ReadData(
        conversation_id=read.conversation_id,
        user_id=read.user_id,
        up_to=read.up_to,
        version=read.offset,
        audience=audience,
    )


def _rejected(folded: Folded, reason: str, audience: list[str]) -> entries.RejectedData:
    assert folded.conversation_id is not None
    assert folded.ref is not None
    return entries.RejectedData(
        conversation_id=folded.conversation_id,
        id=folded.ref,
        client_id=folded.client_id,
        reason=reason,
        audience=audience,
    )
