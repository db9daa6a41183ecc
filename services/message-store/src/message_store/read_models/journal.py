"""The journal as an outbox: the row of a result, and the result of a row."""

from message_store.domain.conversation import Conversation, Member
from message_store.domain.decide import Outcome
from message_store.domain.events import message_sent
from message_store.domain.events.kind import Audience
from message_store.domain.events.registry import KIND_IN_JOURNAL, KIND_OF_ENTRY
from message_store.domain.fold import FoldResult
from message_store.domain.outcomes import Duplicate, Rejected, Skipped
from message_store.domain.rows import JournalRecord, JournalRow, MessageRow

_REJECTED = "event.rejected"
_UNKNOWN = Member(0, 0, 0, 0)  # entries show who was a member, not what each had read


class UnknownJournalKind(ValueError):
    """A newer release wrote the row."""


def journal_row(result: FoldResult) -> JournalRow:
    row = JournalRow(
        partition=result.partition,
        offset=result.offset,
        outcome="entry",
        kind=None,
        conversation_id=result.conversation_id,
        actor=result.actor,
        time=result.time,
        audience=list(result.audience) if result.is_private else None,
    )
    match result.outcome:
        case Rejected(reason):
            return row._replace(
                outcome="rejected",
                kind=_REJECTED,
                subject=result.subject_id,
                client_id=result.client_id,
                reason=reason,
            )
        case Duplicate(of):
            return row._replace(outcome="duplicate", of_offset=of)
        case Skipped(reason):
            return row._replace(outcome="skipped", reason=reason)
        case entry:
            kind = KIND_OF_ENTRY[type(entry)]
            seq, subject = kind.journal_columns(entry)
            return row._replace(kind=kind.JOURNAL_KIND, seq=seq, subject=subject)


def journal_row_of_message(row: MessageRow) -> JournalRow:
    """Return the journal row of a sent message: it holds nothing that the message does not."""
    return JournalRow(
        partition=row.partition,
        offset=row.sent_offset,
        outcome="entry",
        kind=message_sent.JOURNAL_KIND,
        conversation_id=row.conversation_id,
        actor=row.sender_id,
        time=row.created_at,
        seq=row.seq,
    )


def result_from_row(record: JournalRecord) -> FoldResult:
    """Return the result that the row was written from, as far as it is published.
    Raises UnknownJournalKind."""
    if record.kind == _REJECTED:
        return _rejection(record)
    kind = KIND_IN_JOURNAL.get(record.kind)
    if kind is None:
        raise UnknownJournalKind(record.kind)
    entry = kind.entry_from_journal(record)
    audience = Audience(tuple(record.audience), is_private=True) if record.audience is not None else None
    user_ids, is_private = audience or kind.audience(entry, tuple(record.members or ()))
    return FoldResult(
        partition=record.partition,
        offset=record.offset,
        event_id=None,
        outcome=entry,
        actor=record.actor,
        time=record.time,
        conversation_id=record.conversation_id or None,
        conversation=_conversation(record) if kind.SHOWS_CONVERSATION else None,
        audience=user_ids,
        is_private=is_private,
    )


def _rejection(record: JournalRecord) -> FoldResult:
    outcome: Outcome = Rejected(record.reason)  # type: ignore[arg-type]  # one of those that were written
    return FoldResult(
        partition=record.partition,
        offset=record.offset,
        event_id=None,
        outcome=outcome,
        actor=record.actor,
        time=record.time,
        conversation_id=record.conversation_id,
        subject_id=record.subject,
        client_id=record.client_id,
        audience=tuple(record.audience or ()),
        is_private=True,
    )


def _conversation(record: JournalRecord) -> Conversation:
    """The conversation as it was at the record's offset, as far as entries show it."""
    assert record.conversation_kind is not None
    assert record.history_visibility is not None
    assert record.started_offset is not None
    assert record.created_at is not None
    assert record.updated_at is not None
    return Conversation(
        id=record.conversation_id,
        kind=record.conversation_kind,
        title=record.title,
        history_visibility=record.history_visibility,
        started_offset=record.started_offset,
        created_at=record.created_at,
        updated_at=record.updated_at,
        version=record.offset,
        last_seq=0,
        members=dict.fromkeys(record.members or (), _UNKNOWN),
    )
