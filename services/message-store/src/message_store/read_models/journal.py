"""The journal as an outbox: a row read back is the folded offset it was written from."""

from typing import Any

from message_store.domain import (
    Conversation,
    Member,
    MemberJoined,
    MemberLeft,
    Outcome,
    ReadAdvanced,
    Rejected,
    Sent,
    Started,
)
from message_store.domain.fold import FoldResult

_UNKNOWN = Member(0, 0, 0, 0)  # who was a member is told, what each had read is not


def result_from_row(row: tuple[Any, ...]) -> FoldResult:
    """`row` as `statements.UNTOLD` selects it."""
    partition, offset, kind, conversation_id, actor, time, seq, subject, rejected_client, reason = row[:10]
    audience, message_id, client_id, text, sent_at = row[10:15]
    present = row[21] or []
    state: Conversation | None = None
    outcome: Outcome
    match kind:
        case "message.sent":
            outcome = Sent(conversation_id, offset, message_id, seq, actor, client_id, text, sent_at)
        case "read.moved":
            outcome = ReadAdvanced(conversation_id, offset, actor, seq)
        case "event.rejected":
            outcome = Rejected(reason)
        case "conversation.started":
            state = _state(conversation_id, offset, row[15:21], present)
            outcome = Started(
                conversation_id,
                offset,
                state.kind,
                state.title,
                state.history_visibility,
                tuple(present),
                state.created_at,
            )
        case "member.added":
            state = _state(conversation_id, offset, row[15:21], present)
            outcome = MemberJoined(conversation_id, offset, subject)
        case "member.removed":
            state = _state(conversation_id, offset, row[15:21], present)
            outcome = MemberLeft(conversation_id, offset, subject, _UNKNOWN)
        case _:
            raise ValueError(f"the journal holds a kind of entry that this release does not know: {kind}")
    everyone = (*present, subject) if kind == "member.removed" else tuple(present)
    return FoldResult(
        partition,
        offset,
        None,
        outcome,
        actor=actor,
        time=time,
        conversation_id=conversation_id,
        subject_id=message_id if kind == "message.sent" else subject,
        client_id=client_id if kind == "message.sent" else rejected_client,
        state=state,
        audience=everyone if audience is None else tuple(audience),
        private=audience is not None,
    )


def _state(conversation_id: str, offset: int, columns: tuple[Any, ...], present: list[str]) -> Conversation:
    kind, title, visibility, started_offset, created_at, updated_at = columns
    members = dict.fromkeys(present, _UNKNOWN)
    return Conversation(
        conversation_id, kind, title, visibility, started_offset, created_at, updated_at, offset, 0, members
    )
