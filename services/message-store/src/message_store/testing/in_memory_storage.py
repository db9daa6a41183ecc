"""The projector's store over dicts: the rows of `rows`, kept as PostgreSQL would. One contract suite holds
both to the same promises."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from message_store.domain import Conversation, Member
from message_store.domain.fold import FoldResult
from message_store.read_models.journal import result_from_row
from message_store.read_models.rows import (
    ConversationRow,
    IntervalRow,
    JournalRow,
    MessageKey,
    MessageRow,
    ReadRow,
    WriteSet,
)
from message_store.storage.port import ExistingMessages, OwnershipLost, PartitionProgress, WrongLog
from shared.log.log_epoch import LogIdentity

IntervalKey = tuple[str, str, int]


@dataclass
class Tables:
    """One database. Several stores on it are several projectors."""

    log: LogIdentity | None = None
    progress: dict[int, PartitionProgress] = field(default_factory=dict)
    owner: dict[int, str] = field(default_factory=dict)
    conversations: dict[str, ConversationRow] = field(default_factory=dict)
    members: dict[IntervalKey, IntervalRow] = field(default_factory=dict)
    messages: dict[tuple[str, int], MessageRow] = field(default_factory=dict)
    journal: dict[tuple[int, int], JournalRow] = field(default_factory=dict)


class InMemoryStore:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.owner = str(uuid.uuid4())

    async def claim(self, log: LogIdentity, partitions: Sequence[int]) -> dict[int, PartitionProgress]:
        tables = self.tables
        if tables.log not in (None, log):
            raise WrongLog(f"the database was projected from another log than {log.epoch}")
        tables.log = log
        for partition in partitions:
            tables.progress.setdefault(partition, PartitionProgress(partition, 0, None, 0))
            tables.owner[partition] = self.owner
        return await self.owned(partitions)

    async def owned(self, partitions: Sequence[int]) -> dict[int, PartitionProgress]:
        tables = self.tables
        return {p: tables.progress[p] for p in partitions if tables.owner.get(p) == self.owner}

    async def conversations(self, ids: Sequence[str]) -> dict[str, Conversation]:
        known = (self.tables.conversations.get(identity) for identity in ids)
        return {row.id: self._state(row) for row in known if row is not None}

    async def commit(self, changes: WriteSet) -> ExistingMessages:
        tables = self.tables
        for step in changes.advances:
            at = tables.progress[step.partition].next_offset
            if at != step.expected or tables.owner[step.partition] != self.owner:
                raise OwnershipLost
        if known := self._known(changes):
            return known
        for step in changes.advances:
            published = max(step.published, tables.progress[step.partition].published)
            tables.progress[step.partition] = PartitionProgress(
                step.partition, step.next_offset, step.last_id, published
            )
        tables.conversations.update({row.id: row for row in changes.conversations})
        for read in changes.reads:
            row = tables.members[_key(read)]
            tables.members[_key(read)] = row._replace(read_seq=read.read_seq, to_offset=read.to_offset)
        tables.members.update({_key(row): row for row in changes.intervals})
        tables.messages.update({(row.conversation_id, row.seq): row for row in changes.messages})
        happened = [*map(_journal_row, changes.messages), *changes.journal]
        tables.journal.update({(row.partition, row.offset): row for row in happened})
        return {}

    async def unpublished(self, partition: int, start: int, limit: int) -> list[FoldResult]:
        rows = sorted(row for key, row in self.tables.journal.items() if key[0] == partition)
        due = [row for row in rows if row.offset >= start and row.outcome in ("entry", "rejected")]
        return [self._untold(row) for row in due[:limit]]

    def _known(self, changes: WriteSet) -> ExistingMessages:
        asked = {*changes.refused, *(MessageKey(row.conversation_id, row.id) for row in changes.messages)}
        known: ExistingMessages = {}
        for row in self.tables.messages.values():
            if (row.conversation_id, row.id) in asked:
                known.setdefault(row.conversation_id, {})[row.id] = row.sent_offset
        return known

    def _state(self, row: ConversationRow) -> Conversation:
        present = [i for i in self._intervals(row.id) if i.to_offset is None]
        members = {i.user_id: Member(i.from_offset, i.ordinal, i.joined_seq, i.read_seq) for i in present}
        return Conversation(
            row.id,
            row.kind,
            row.title,
            row.history_visibility,
            row.started_offset,
            row.created_at,
            row.updated_at,
            row.version,
            row.last_seq,
            members,
        )

    def _intervals(self, conversation_id: str) -> list[IntervalRow]:
        own = [i for i in self.tables.members.values() if i.conversation_id == conversation_id]
        return sorted(own, key=lambda i: (i.from_offset, i.ordinal))

    def _untold(self, row: JournalRow) -> FoldResult:
        seq = row.seq if row.kind == "message.sent" else None
        sent = self.tables.messages.get((row.conversation_id or "", seq or 0))
        entry = row.outcome == "entry"
        conversation = self.tables.conversations.get(row.conversation_id or "") if entry else None
        told: list[object] = [
            row.partition,
            row.offset,
            row.kind,
            row.conversation_id,
            row.actor,
            row.time,
            row.seq,
            row.subject,
            row.client_id,
            row.reason,
            row.audience,
        ]
        told += [sent.id, sent.client_id, sent.text, sent.created_at] if sent else [None] * 4
        if conversation is None:
            return result_from_row((*told, *[None] * 7))
        told += [conversation.kind, conversation.title, conversation.history_visibility]
        told += [conversation.started_offset, conversation.created_at]
        return result_from_row(
            (*told, self._updated_at(conversation, row.offset), self._present(conversation, row))
        )

    def _updated_at(self, conversation: ConversationRow, offset: int) -> str:
        sent = (m for m in self.tables.messages.values() if m.conversation_id == conversation.id)
        return max([conversation.created_at, *(m.created_at for m in sent if m.sent_offset < offset)])

    def _present(self, conversation: ConversationRow, row: JournalRow) -> list[str]:
        return [
            i.user_id
            for i in self._intervals(conversation.id)
            if i.from_offset <= row.offset and (i.to_offset is None or i.to_offset > row.offset)
        ]


def _key(row: IntervalRow | ReadRow) -> IntervalKey:
    return row.conversation_id, row.user_id, row.from_offset


def _journal_row(message: MessageRow) -> JournalRow:
    partition, conversation_id, seq, _, sender, _, _, time, offset = message
    return JournalRow(partition, offset, "entry", "message.sent", conversation_id, sender, time, seq)
