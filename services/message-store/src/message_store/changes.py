"""What a folded batch changes in the read models. Pure; the same for any split into batches."""

from typing import assert_never

from message_store.domain import (
    Conversation,
    Duplicate,
    Entry,
    MemberJoined,
    MemberLeft,
    ReadAdvanced,
    Rejected,
    Sent,
    Skipped,
    Started,
)
from message_store.fold import Folded, States
from message_store.rows import (
    Advance,
    Changes,
    ConversationRow,
    IntervalRow,
    JournalRow,
    MessageName,
    MessageRow,
    ReadRow,
)
from shared.position import after


def changes(batch: list[Folded], before: States, after: States, advances: list[Advance]) -> Changes:
    """`before` and `after` hold every conversation of the batch."""
    made = Changes(advances=advances)
    homes = {}
    for folded in batch:
        made.journal.append(journal_row(folded))
        if isinstance(folded.outcome, Entry):
            _entry(made, folded)
            homes[folded.outcome.conversation_id] = folded.partition
        elif folded.sends and isinstance(folded.outcome, Rejected):
            made.refused.append(MessageName(str(folded.conversation_id), str(folded.ref)))
    for identity, partition in homes.items():
        state = after[identity]
        assert state is not None
        made.conversations.append(_conversation(partition, state))
        made.reads.extend(_reads(state, before[identity]))
    _settle(made)
    return made


def _settle(made: Changes) -> None:
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


def _entry(made: Changes, folded: Folded) -> None:
    entry, partition = folded.outcome, folded.partition
    match entry:
        case Started():
            made.intervals.extend(
                IntervalRow(partition, entry.conversation_id, user, entry.offset, ordinal, 0, 0, None)
                for ordinal, user in enumerate(entry.members)
            )
        case Sent():
            made.messages.append(
                MessageRow(
                    partition,
                    entry.conversation_id,
                    entry.seq,
                    entry.message_id,
                    entry.sender,
                    entry.client_id,
                    entry.text,
                    entry.created_at,
                    entry.offset,
                )
            )
        case MemberJoined():
            assert folded.state is not None
            seq = folded.state.members[entry.user_id].joined_seq
            made.intervals.append(
                IntervalRow(partition, entry.conversation_id, entry.user_id, entry.offset, 0, seq, seq, None)
            )
        case MemberLeft():
            left = entry.interval
            made.reads.append(
                ReadRow(entry.conversation_id, entry.user_id, left.from_offset, left.read_seq, entry.offset)
            )
        case ReadAdvanced() | Rejected() | Duplicate() | Skipped():
            pass
        case _:
            assert_never(entry)


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


def journal_row(folded: Folded) -> JournalRow:
    kind = seq = subject = of = None
    reason: str | None = None
    outcome = "entry"
    match folded.outcome:
        case Started():
            kind = "conversation.started"
        case Sent():
            kind, seq = "message.sent", folded.outcome.seq
        case ReadAdvanced():
            kind, seq = "read.moved", folded.outcome.up_to
        case MemberJoined():
            kind, subject = "member.added", folded.outcome.user_id
        case MemberLeft():
            kind, subject = "member.removed", folded.outcome.user_id
        case Rejected():
            outcome, kind, subject, reason = "rejected", "event.rejected", folded.ref, folded.outcome.reason
        case Duplicate():
            outcome, of = "duplicate", folded.outcome.of
        case Skipped():
            outcome, reason = "skipped", folded.outcome.reason
        case _:
            assert_never(folded.outcome)
    return JournalRow(
        folded.partition,
        folded.offset,
        outcome,
        kind,
        folded.conversation_id,
        folded.actor,
        folded.time,
        seq,
        subject,
        folded.client_id if outcome == "rejected" else None,
        reason,
        of,
        list(folded.audience) if folded.private else None,
    )


def advance(batch: list[Folded], published: dict[int, int]) -> list[Advance]:
    """Per partition of the batch, ascending: where it stood before its first offset, and after its last. What
    is told of a partition never moves back, so 0 says nothing of it."""
    first: dict[int, Folded] = {}
    last: dict[int, Folded] = {}
    for folded in batch:
        first.setdefault(folded.partition, folded)
        last[folded.partition] = folded
    return [
        Advance(
            partition,
            first[partition].offset,
            after(last[partition].offset),
            last[partition].event_id,
            published.get(partition, 0),
        )
        for partition in sorted(first)
    ]
