"""The projector's store over dicts, with the rows PostgreSQL would hold. One contract suite tests both."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from message_store.domain.conversation import Conversation, Member
from message_store.domain.fold import FoldResult
from message_store.domain.rows import (
    ConversationRow,
    JournalRecord,
    JournalRow,
    MemberKey,
    MemberRow,
    MessageRow,
    RevocationRow,
)
from message_store.domain.state import ExistingMessages, MessageFacts, MessageKey
from message_store.read_models.journal import journal_row_of_message, result_from_row
from message_store.read_models.write_set import WriteSet
from message_store.storage.port import OwnershipLost, PartitionProgress, WrongLog
from shared.log.log_epoch import LogIdentity


@dataclass
class Tables:
    """One database. Several stores on it are several projectors."""

    log: LogIdentity | None = None
    progress: dict[int, PartitionProgress] = field(default_factory=dict)
    owner: dict[int, str] = field(default_factory=dict)
    conversations: dict[str, ConversationRow] = field(default_factory=dict)
    members: dict[MemberKey, MemberRow] = field(default_factory=dict)
    messages: dict[tuple[str, int], MessageRow] = field(default_factory=dict)
    user_revocations: dict[tuple[int, int], RevocationRow] = field(default_factory=dict)
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
        rows = (self.tables.conversations.get(identity) for identity in ids)
        return {row.id: self._conversation(row) for row in rows if row is not None}

    async def commit(self, write_set: WriteSet) -> ExistingMessages:
        tables = self.tables
        for update in write_set.progress.values():
            next_offset = tables.progress[update.partition].next_offset
            if next_offset != update.expected or tables.owner[update.partition] != self.owner:
                raise OwnershipLost
        if existing := self._existing(write_set):
            return existing
        for update in write_set.progress.values():
            published = max(update.published, tables.progress[update.partition].published)
            tables.progress[update.partition] = PartitionProgress(
                update.partition, update.next_offset, update.last_id, published
            )
        tables.conversations.update(write_set.conversations)
        tables.members.update(write_set.members)
        tables.messages.update(write_set.messages)
        tables.user_revocations.update(write_set.user_revocations)
        journal = [*map(journal_row_of_message, write_set.messages.values()), *write_set.journal.values()]
        tables.journal.update({row.key: row for row in journal})
        return {}

    async def unpublished(self, partition: int, start: int, limit: int) -> list[FoldResult]:
        rows = sorted(row for key, row in self.tables.journal.items() if key[0] == partition)
        due = [row for row in rows if row.offset >= start and row.outcome in ("entry", "rejected")]
        return [result_from_row(self._record(row)) for row in due[:limit]]

    def _existing(self, write_set: WriteSet) -> ExistingMessages:
        messages = (MessageKey(row.conversation_id, row.id) for row in write_set.messages.values())
        new = {*write_set.rejected_sends, *messages}
        rows = self.tables.messages.values()
        keys = {MessageKey(row.conversation_id, row.id): MessageFacts(row.sent_offset) for row in rows}
        return {key: facts for key, facts in keys.items() if key in new}

    def _conversation(self, row: ConversationRow) -> Conversation:
        present = [i for i in self._intervals(row.id) if i.to_offset is None]
        return Conversation(
            id=row.id,
            kind=row.kind,
            title=row.title,
            history_visibility=row.history_visibility,
            started_offset=row.started_offset,
            created_at=row.created_at,
            updated_at=row.updated_at,
            version=row.version,
            last_seq=row.last_seq,
            members={i.user_id: Member(i.from_offset, i.ordinal, i.joined_seq, i.read_seq) for i in present},
        )

    def _intervals(self, conversation_id: str) -> list[MemberRow]:
        own = [i for i in self.tables.members.values() if i.conversation_id == conversation_id]
        return sorted(own, key=lambda i: (i.from_offset, i.ordinal))

    def _record(self, row: JournalRow) -> JournalRecord:
        conversation_id = row.conversation_id or ""
        message = None
        if row.kind == "message.sent" and row.seq is not None:
            message = self.tables.messages[conversation_id, row.seq]
        in_conversation = row.outcome == "entry" and row.conversation_id is not None
        conversation = self.tables.conversations[conversation_id] if in_conversation else None
        revocation = self.tables.user_revocations.get(row.key)
        return JournalRecord(
            partition=row.partition,
            offset=row.offset,
            kind=row.kind or "",
            conversation_id=conversation_id,
            actor=row.actor or "",
            time=row.time or "",
            seq=row.seq,
            subject=row.subject,
            client_id=row.client_id,
            reason=row.reason,
            audience=row.audience,
            message_id=message and message.id,
            message_client_id=message and message.client_id,
            text=message and message.text,
            sent_at=message and message.created_at,
            conversation_kind=conversation and conversation.kind,
            title=conversation and conversation.title,
            history_visibility=conversation and conversation.history_visibility,
            started_offset=conversation and conversation.started_offset,
            created_at=conversation and conversation.created_at,
            updated_at=conversation and self._updated_at(conversation, row.offset),
            members=conversation and self._present(conversation, row.offset),
            revoked_at=revocation and revocation.revoked_at,
        )

    def _updated_at(self, conversation: ConversationRow, offset: int) -> str:
        sent = (m for m in self.tables.messages.values() if m.conversation_id == conversation.id)
        return max([conversation.created_at, *(m.created_at for m in sent if m.sent_offset < offset)])

    def _present(self, conversation: ConversationRow, offset: int) -> list[str]:
        return [
            i.user_id
            for i in self._intervals(conversation.id)
            if i.from_offset <= offset and (i.to_offset is None or i.to_offset > offset)
        ]
