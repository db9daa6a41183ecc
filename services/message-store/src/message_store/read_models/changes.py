"""What a folded batch changes in the read models. Pure; the same for any split into batches."""

from typing import assert_never

from message_store.domain import (
    Conversation,
    Duplicate,
    Entry,
    MemberJoined,
    MemberLeft,
    NonMessage,
    ReadAdvanced,
    Rejected,
    Sent,
    Skipped,
    Started,
)
from message_store.domain.fold import FoldResult, States
from message_store.read_models.rows import (
    ConversationRow,
    IntervalRow,
    JournalRow,
    MessageKey,
    MessageRow,
    ProgressUpdate,
    ReadRow,
    WriteSet,
)
from shared.contract.position import after


def changes(
    batch: list[FoldResult], before: States, after: States, advances: list[ProgressUpdate]
) -> WriteSet:
    """`before` and `after` hold every conversation of the batch."""
    made = WriteSet(advances=advances)
    homes = {}
    for folded in batch:
        partition, outcome = folded.partition, folded.outcome
        if isinstance(outcome, Sent):
            made.messages.append(_message(partition, outcome))
        else:
            made.journal.append(_journal_row(folded, outcome))
            _intervals(made, folded, outcome)
        if isinstance(outcome, Entry):
            homes[outcome.conversation_id] = partition
        elif folded.is_send and isinstance(outcome, Rejected):
            made.refused.append(MessageKey(str(folded.conversation_id), str(folded.subject_id)))
    for identity, partition in homes.items():
        state = after[identity]
        assert state is not None
        made.conversations.append(_conversation(partition, state))
        made.reads.extend(_reads(state, before[identity]))
    _settle(made)
    return made


def _settle(made: WriteSet) -> None:
    """What became of an interval in the batch in which it began is part of that row."""
    begun = {row[1:4]: place for place, row in enumerate(made.intervals)}
    rest = []
    for read in made.reads:
        if (place := begun.get(read[:3])) is None:
            rest.append(read)
        else:
            row = made.intervals[place]
            made.intervals[place] = row._replace(read_seq=read.read_seq, to_offset=read.to_offset)
    made.reads = rest


def _message(partition: int, sent: Sent) -> MessageRow:
    return MessageRow(
        partition,
        sent.conversation_id,
        sent.seq,
        sent.message_id,
        sent.sender,
        sent.client_id,
        sent.text,
        sent.created_at,
        sent.offset,
    )


def _intervals(made: WriteSet, folded: FoldResult, outcome: NonMessage) -> None:
    """What began, and what ended."""
    partition = folded.partition
    match outcome:
        case Started() as started:
            made.intervals.extend(
                IntervalRow(partition, started.conversation_id, user, started.offset, ordinal, 0, 0, None)
                for ordinal, user in enumerate(started.members)
            )
        case MemberJoined(conversation_id, offset, user):
            assert folded.state is not None
            seq = folded.state.members[user].joined_seq
            made.intervals.append(IntervalRow(partition, conversation_id, user, offset, 0, seq, seq, None))
        case MemberLeft(conversation_id, offset, user, left):
            made.reads.append(ReadRow(conversation_id, user, left.from_offset, left.read_seq, offset))
        case ReadAdvanced() | Rejected() | Duplicate() | Skipped():
            pass
        case _:
            assert_never(outcome)


def _conversation(partition: int, state: Conversation) -> ConversationRow:
    return ConversationRow(
        partition,
        state.id,
        state.kind,
        state.title,
        state.history_visibility,
        state.started_offset,
        state.created_at,
        state.updated_at,
        state.version,
        state.last_seq,
        len(state.members),
    )


def _reads(state: Conversation, before: Conversation | None) -> list[ReadRow]:
    """Who has read further than the database knows."""
    known = before.members if before is not None else {}
    return [
        ReadRow(state.id, user, member.from_offset, member.read_seq, None)
        for user, member in state.members.items()
        if known.get(user) is not member and member.read_seq > member.joined_seq
    ]


def _journal_row(folded: FoldResult, outcome: NonMessage) -> JournalRow:
    kind = seq = subject = of = None
    reason: str | None = None
    name = "entry"
    match outcome:
        case Started():
            kind = "conversation.started"
        case ReadAdvanced():
            kind, seq = "read.moved", outcome.up_to
        case MemberJoined():
            kind, subject = "member.added", outcome.user_id
        case MemberLeft():
            kind, subject = "member.removed", outcome.user_id
        case Rejected():
            name, kind, subject, reason = "rejected", "event.rejected", folded.subject_id, outcome.reason
        case Duplicate():
            name, of = "duplicate", outcome.of
        case Skipped():
            name, reason = "skipped", outcome.reason
        case _:
            assert_never(outcome)
    return JournalRow(
        folded.partition,
        folded.offset,
        name,
        kind,
        folded.conversation_id,
        folded.actor,
        folded.time,
        seq,
        subject,
        folded.client_id if name == "rejected" else None,
        reason,
        of,
        list(folded.audience) if folded.private else None,
    )


def advance(batch: list[FoldResult], published: dict[int, int]) -> list[ProgressUpdate]:
    """Per partition of the batch, ascending: where it stood before its first offset, and after its last. What
    is told of a partition never moves back, so 0 says nothing of it."""
    first: dict[int, FoldResult] = {}
    last: dict[int, FoldResult] = {}
    for folded in batch:
        first.setdefault(folded.partition, folded)
        last[folded.partition] = folded
    return [
        ProgressUpdate(
            partition,
            first[partition].offset,
            after(last[partition].offset),
            last[partition].event_id,
            published.get(partition, 0),
        )
        for partition in sorted(first)
    ]
