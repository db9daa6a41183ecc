"""A member has read up to a message."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from message_store.domain.conversation import Conversation, with_read_seq
from message_store.domain.events.kind import Audience, JournalColumns
from message_store.domain.outcomes import NoEntry, Rejected, Skipped
from message_store.domain.rows import JournalRecord, Row
from message_store.domain.state import State
from shared.contract import events
from shared.contract.fields import MAX_READ_RECEIPT_MEMBERS

JOURNAL_KIND = "read.moved"
ENTRY_TYPE = "chat.read.moved.v1"
SHOWS_CONVERSATION = False


class ReadMoved(NamedTuple):
    conversation_id: str
    offset: int
    user_id: str
    up_to: int


def sent_message(_: events.ReadMoved) -> None:
    return None


def decide(state: State, event: events.ReadMoved, offset: int) -> ReadMoved | NoEntry:
    conversation = state.conversation
    if conversation is None or event.actor not in conversation.members:
        return Rejected("not_found")
    up_to = min(event.data.up_to, conversation.last_seq)
    if up_to <= conversation.members[event.actor].read_seq:
        return Skipped("no_change")
    return ReadMoved(conversation.id, offset, event.actor, up_to)


def evolve(state: State, entry: ReadMoved) -> State:
    assert state.conversation is not None
    members = with_read_seq(state.conversation.members, entry.user_id, entry.up_to)
    return State(state.conversation._replace(version=entry.offset, members=members))


def audience(entry: ReadMoved, members: tuple[str, ...]) -> Audience:
    """In a large conversation the reader alone: everybody reads, and everybody would get all of it."""
    if len(members) > MAX_READ_RECEIPT_MEMBERS:
        return Audience((entry.user_id,), is_private=True)
    return Audience(members)


def rows(_entry: ReadMoved, _partition: int) -> Sequence[Row]:
    return ()


def journal_columns(entry: ReadMoved) -> JournalColumns:
    return JournalColumns(seq=entry.up_to)


def entry_from_journal(record: JournalRecord) -> ReadMoved:
    assert record.seq is not None
    return ReadMoved(record.conversation_id, record.offset, record.actor, record.seq)


def data(entry: ReadMoved, _: Conversation | None) -> dict[str, Any]:
    return {
        "conversationId": entry.conversation_id,
        "userId": entry.user_id,
        "upTo": entry.up_to,
        "version": entry.offset,
    }
