"""Everything that one transaction writes. Pure; the rows are the same for any split into batches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from message_store.domain.events.message_sent import MessageSent
from message_store.domain.events.registry import KIND_OF_ENTRY
from message_store.domain.fold import FoldResult
from message_store.domain.outcomes import NoEntry, Rejected
from message_store.domain.rows import (
    ConversationRow,
    JournalRow,
    MemberKey,
    MemberRow,
    MessageRow,
    ProgressUpdate,
    RevocationRow,
    Row,
)
from message_store.domain.state import MessageKey, States
from message_store.read_models.journal import journal_row
from shared.contract.position import next_offset


@dataclass
class WriteSet:
    """Rows by table and key: of two rows with one key the last is written."""

    progress: dict[int, ProgressUpdate] = field(default_factory=dict)
    conversations: dict[str, ConversationRow] = field(default_factory=dict)
    members: dict[MemberKey, MemberRow] = field(default_factory=dict)
    messages: dict[tuple[str, int], MessageRow] = field(default_factory=dict)
    user_revocations: dict[tuple[int, int], RevocationRow] = field(default_factory=dict)
    journal: dict[tuple[int, int], JournalRow] = field(default_factory=dict)
    """Without sent messages: their journal rows follow from `messages` (`journal_row_of_message`)."""
    rejected_sends: dict[MessageKey, MessageKey] = field(default_factory=dict)
    """Messages whose events were rejected. Only checked, not written: if one of them is stored already, its
    event is a duplicate, and the batch is folded again."""

    def put(self, row: Row) -> None:
        if isinstance(row, MessageRow):
            self.messages[row.key] = row
        elif isinstance(row, MemberRow):
            self.members[row.key] = row
        else:
            self.user_revocations[row.key] = row


def write_set(
    results: Iterable[FoldResult], before: States, after: States, updates: Iterable[ProgressUpdate]
) -> WriteSet:
    """Return what a folded batch writes. `before` and `after` hold every conversation of the batch."""
    written = WriteSet(progress={update.partition: update for update in updates})
    changed: dict[str, int] = {}
    for result in results:
        outcome = result.outcome
        if not isinstance(outcome, NoEntry):
            if result.conversation_id is not None:
                changed[result.conversation_id] = result.partition
            for row in KIND_OF_ENTRY[type(outcome)].rows(outcome, result.partition):
                written.put(row)
        elif isinstance(outcome, Rejected) and result.sent_message is not None:
            written.rejected_sends[result.sent_message] = result.sent_message
        if not isinstance(outcome, MessageSent):
            written.journal[result.partition, result.offset] = journal_row(result)
    for conversation_id, partition in changed.items():
        _put_conversation(written, partition, conversation_id, before, after)
    return written


def _put_conversation(
    written: WriteSet, partition: int, conversation_id: str, before: States, after: States
) -> None:
    """The conversation as the batch leaves it, and its members whose interval began or changed."""
    conversation, previous = after.conversations[conversation_id], before.conversations[conversation_id]
    assert conversation is not None
    written.conversations[conversation_id] = ConversationRow.of(partition, conversation)
    previous_members = previous.members if previous is not None else {}
    for user_id, member in conversation.members.items():
        if previous_members.get(user_id) is not member:
            written.put(MemberRow.of(partition, conversation_id, user_id, member))


def progress_updates(results: Sequence[FoldResult], published: Mapping[int, int]) -> list[ProgressUpdate]:
    """Return for each partition of the batch, ascending, the move from its first offset to beyond its last.

    `published` by partition; 0 if unknown, since the column never moves back."""
    first: dict[int, FoldResult] = {}
    last: dict[int, FoldResult] = {}
    for result in results:
        first.setdefault(result.partition, result)
        last[result.partition] = result
    return [
        ProgressUpdate(
            partition=partition,
            expected=first[partition].offset,
            next_offset=next_offset(last[partition].offset),
            last_id=last[partition].event_id,
            published=published.get(partition, 0),
        )
        for partition in sorted(first)
    ]
