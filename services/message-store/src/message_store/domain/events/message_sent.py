"""A member sends a message.

Nearly every event comes here: tuples are built and taken apart by position, in the order of their fields.
Keywords take twice as long, `_replace` several times.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from message_store.domain.conversation import Conversation, with_read_seq
from message_store.domain.events.kind import Audience, JournalColumns
from message_store.domain.outcomes import Duplicate, NoEntry, Rejected
from message_store.domain.rows import JournalRecord, MessageRow, Row
from message_store.domain.state import MessageFacts, MessageKey, State
from shared.contract import events

JOURNAL_KIND = "message.sent"
ENTRY_TYPE = "chat.message.sent.v1"
SHOWS_CONVERSATION = False


class MessageSent(NamedTuple):
    conversation_id: str
    offset: int
    message_id: str
    seq: int
    sender_id: str
    client_id: str | None
    text: str
    created_at: str


def sent_message(event: events.MessageSent) -> MessageKey:
    return MessageKey(event.data.conversation_id, event.data.message_id)


def decide(state: State, event: events.MessageSent, offset: int) -> MessageSent | NoEntry:
    conversation, message = state
    if message is not None:
        return Duplicate(message.sent_offset)  # before membership: a retry is never reported as a failure
    if conversation is None or event.actor not in conversation.members:
        return Rejected("not_found")
    data = event.data
    return MessageSent(
        conversation.id,
        offset,
        data.message_id,
        conversation.last_seq + 1,
        event.actor,
        data.client_id,
        data.content.text,
        event.time,
    )


def evolve(state: State, entry: MessageSent) -> State:
    assert state.conversation is not None
    identity, kind, title, visibility, started_offset, created_at, updated_at, _, _, members = (
        state.conversation
    )
    return State(
        Conversation(
            identity,
            kind,
            title,
            visibility,
            started_offset,
            created_at,
            max(updated_at, entry.created_at),
            entry.offset,
            entry.seq,
            with_read_seq(members, entry.sender_id, entry.seq),  # the sender has read everything before it
        ),
        MessageFacts(entry.offset),
    )


def audience(_: MessageSent, members: tuple[str, ...]) -> Audience:
    return Audience(members)


def rows(entry: MessageSent, partition: int) -> Sequence[Row]:
    conversation_id, offset, message_id, seq, sender_id, client_id, text, created_at = entry
    return (
        MessageRow(
            partition,
            conversation_id,
            seq,
            message_id,
            sender_id,
            client_id,
            text,
            created_at,
            offset,
            offset,
        ),
    )


def journal_columns(entry: MessageSent) -> JournalColumns:
    return JournalColumns(seq=entry.seq)


def entry_from_journal(record: JournalRecord) -> MessageSent:
    assert record.seq is not None
    assert record.message_id is not None
    assert record.text is not None
    assert record.sent_at is not None
    return MessageSent(
        conversation_id=record.conversation_id,
        offset=record.offset,
        message_id=record.message_id,
        seq=record.seq,
        sender_id=record.actor,
        client_id=record.message_client_id,
        text=record.text,
        created_at=record.sent_at,
    )


def data(entry: MessageSent, _: Conversation | None) -> dict[str, Any]:
    fields = {
        "id": entry.message_id,
        "conversationId": entry.conversation_id,
        "seq": entry.seq,
        "senderId": entry.sender_id,
        "text": entry.text,
        "createdAt": entry.created_at,
        "version": entry.offset,
    }
    return fields if entry.client_id is None else {**fields, "clientId": entry.client_id}
