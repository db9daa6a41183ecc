"""A conversation is started, direct or group."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from message_store.domain.conversation import Conversation, ConversationKind, HistoryVisibility, Member
from message_store.domain.events.conversation_fields import conversation_fields
from message_store.domain.events.kind import Audience, JournalColumns
from message_store.domain.outcomes import Duplicate, NoEntry, Rejected
from message_store.domain.rows import JournalRecord, Row
from message_store.domain.state import State
from shared.contract import events
from shared.contract.fields import MAX_MEMBERS

JOURNAL_KIND = "conversation.started"
ENTRY_TYPE = "chat.conversation.started.v1"
SHOWS_CONVERSATION = True


class ConversationStarted(NamedTuple):
    conversation_id: str
    offset: int
    kind: ConversationKind
    title: str | None
    history_visibility: HistoryVisibility
    members: tuple[str, ...]
    created_at: str


def sent_message(_: events.ConversationStarted) -> None:
    return None


def decide(state: State, event: events.ConversationStarted, offset: int) -> ConversationStarted | NoEntry:
    if state.conversation is not None:
        return Duplicate(state.conversation.started_offset)
    data = event.data
    members = tuple(dict.fromkeys(data.members))
    if len(members) > MAX_MEMBERS:
        return Rejected("group_full")
    return ConversationStarted(
        conversation_id=data.conversation_id,
        offset=offset,
        kind=data.kind,
        title=data.content.title,
        history_visibility=data.history_visibility,
        members=members,
        created_at=event.time,
    )


def evolve(_: State, entry: ConversationStarted) -> State:
    return State(
        Conversation(
            id=entry.conversation_id,
            kind=entry.kind,
            title=entry.title,
            history_visibility=entry.history_visibility,
            started_offset=entry.offset,
            created_at=entry.created_at,
            updated_at=entry.created_at,
            version=entry.offset,
            last_seq=0,
            members={user: Member(entry.offset, rank, 0, 0) for rank, user in enumerate(entry.members)},
        )
    )


def audience(_: ConversationStarted, members: tuple[str, ...]) -> Audience:
    return Audience(members)


def rows(_entry: ConversationStarted, _partition: int) -> Sequence[Row]:
    return ()


def journal_columns(_: ConversationStarted) -> JournalColumns:
    return JournalColumns()


def entry_from_journal(record: JournalRecord) -> ConversationStarted:
    assert record.conversation_kind is not None
    assert record.history_visibility is not None
    assert record.created_at is not None
    return ConversationStarted(
        conversation_id=record.conversation_id,
        offset=record.offset,
        kind=record.conversation_kind,
        title=record.title,
        history_visibility=record.history_visibility,
        members=tuple(record.members or ()),
        created_at=record.created_at,
    )


def data(_: ConversationStarted, conversation: Conversation | None) -> dict[str, Any]:
    return conversation_fields(conversation)
