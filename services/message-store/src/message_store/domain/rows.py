"""The rows of the read models by table: columns as the database names them, and the key of each."""

from typing import NamedTuple

from message_store.domain.conversation import Conversation, ConversationKind, HistoryVisibility, Member

MemberKey = tuple[str, str, int]
"""Conversation id, user id, offset at which the interval began."""


class ProgressUpdate(NamedTuple):
    """A compare-and-set: the projection of `partition` moves from `expected` to `next_offset`."""

    partition: int
    expected: int
    next_offset: int
    last_id: str | None
    """The id of the event at next_offset - 1; None if it cannot be decoded."""
    published: int
    """Every entry below this offset is confirmed in chat.messages. The column never moves back."""


class ConversationRow(NamedTuple):
    partition: int
    id: str
    kind: ConversationKind
    title: str | None
    history_visibility: HistoryVisibility
    started_offset: int
    created_at: str
    updated_at: str
    version: int
    last_seq: int
    member_count: int

    @classmethod
    def of(cls, partition: int, conversation: Conversation) -> "ConversationRow":
        return cls(
            partition=partition,
            id=conversation.id,
            kind=conversation.kind,
            title=conversation.title,
            history_visibility=conversation.history_visibility,
            started_offset=conversation.started_offset,
            created_at=conversation.created_at,
            updated_at=conversation.updated_at,
            version=conversation.version,
            last_seq=conversation.last_seq,
            member_count=len(conversation.members),
        )


class MemberRow(NamedTuple):
    """An interval of membership."""

    partition: int
    conversation_id: str
    user_id: str
    from_offset: int
    ordinal: int
    joined_seq: int
    read_seq: int
    to_offset: int | None
    """The offset of the event that ended it; None: the user is a member now."""

    @property
    def key(self) -> MemberKey:
        return self.conversation_id, self.user_id, self.from_offset

    @classmethod
    def of(
        cls,
        partition: int,
        conversation_id: str,
        user_id: str,
        interval: Member,
        *,
        to_offset: int | None = None,
    ) -> "MemberRow":
        # By position: one for nearly every message; keywords take twice as long.
        return cls(partition, conversation_id, user_id, *interval, to_offset)


class MessageRow(NamedTuple):
    partition: int
    conversation_id: str
    seq: int
    id: str
    sender_id: str
    client_id: str | None
    text: str
    created_at: str
    sent_offset: int
    version: int

    @property
    def key(self) -> tuple[str, int]:
        return self.conversation_id, self.seq


class RevocationRow(NamedTuple):
    """One revocation of a user's tokens; the latest of the user is in force."""

    partition: int
    offset: int
    user_id: str
    revoked_at: str

    @property
    def key(self) -> tuple[int, int]:
        return self.partition, self.offset


class JournalRow(NamedTuple):
    """The outcome of one offset of the log."""

    partition: int
    offset: int
    outcome: str
    """entry, rejected, duplicate or skipped."""
    kind: str | None
    """The kind's `JOURNAL_KIND`; `event.rejected` for a rejection."""
    conversation_id: str | None
    actor: str | None
    time: str | None
    seq: int | None = None
    """The seq of a message, or the seq that a read moved to."""
    subject: str | None = None
    """The user id of a membership entry or a revocation, or the id of what a rejection refused."""
    client_id: str | None = None
    reason: str | None = None
    of_offset: int | None = None
    """The offset of the event that a duplicate repeats."""
    audience: list[str] | None = None
    """None: every member whose interval holds the offset."""

    @property
    def key(self) -> tuple[int, int]:
        return self.partition, self.offset


class JournalRecord(NamedTuple):
    """A journal row of an entry or rejection, read back with the rows that it names, as they were then."""

    partition: int
    offset: int
    kind: str
    conversation_id: str
    """Empty in an entry of a user."""
    actor: str
    time: str
    seq: int | None
    subject: str | None
    client_id: str | None
    reason: str | None
    audience: list[str] | None
    message_id: str | None
    message_client_id: str | None
    text: str | None
    sent_at: str | None
    conversation_kind: ConversationKind | None
    title: str | None
    history_visibility: HistoryVisibility | None
    started_offset: int | None
    created_at: str | None
    updated_at: str | None
    members: list[str] | None
    """The user ids of the members at `offset`, in join order."""
    revoked_at: str | None


Row = MessageRow | MemberRow | RevocationRow
"""A row that an event kind names; the other tables' rows are made of results and states."""
