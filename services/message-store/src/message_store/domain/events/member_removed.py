"""A member removes a user from a group, or leaves it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from message_store.domain.conversation import Conversation, Member
from message_store.domain.events.conversation_fields import conversation_fields
from message_store.domain.events.kind import Audience, JournalColumns
from message_store.domain.outcomes import NoEntry, Rejected, Skipped
from message_store.domain.rows import JournalRecord, MemberRow, Row
from message_store.domain.state import State
from shared.contract import events

JOURNAL_KIND = "member.removed"
ENTRY_TYPE = "chat.member.removed.v1"
SHOWS_CONVERSATION = True


class MemberRemoved(NamedTuple):
    conversation_id: str
    offset: int
    user_id: str
    interval: Member | None
    """As it was when it ended; None in an entry that is read from the journal."""


def sent_message(_: events.MemberRemoved) -> None:
    return None


def decide(state: State, event: events.MemberRemoved, offset: int) -> MemberRemoved | NoEntry:
    conversation = state.conversation
    if conversation is None or event.actor not in conversation.members:
        return Rejected("not_found")
    if conversation.kind != "group":
        return Rejected("not_a_group")
    user_id = event.data.user_id
    if user_id not in conversation.members:
        return Skipped("no_change")
    return MemberRemoved(conversation.id, offset, user_id, conversation.members[user_id])


def evolve(state: State, entry: MemberRemoved) -> State:
    conversation = state.conversation
    assert conversation is not None
    members = {user: member for user, member in conversation.members.items() if user != entry.user_id}
    return State(conversation._replace(version=entry.offset, members=members))


def audience(entry: MemberRemoved, members: tuple[str, ...]) -> Audience:
    return Audience((*members, entry.user_id))  # an interval includes both its ends


def rows(entry: MemberRemoved, partition: int) -> Sequence[Row]:
    assert entry.interval is not None
    conversation_id, user_id = entry.conversation_id, entry.user_id
    return (MemberRow.of(partition, conversation_id, user_id, entry.interval, to_offset=entry.offset),)


def journal_columns(entry: MemberRemoved) -> JournalColumns:
    return JournalColumns(subject=entry.user_id)


def entry_from_journal(record: JournalRecord) -> MemberRemoved:
    assert record.subject is not None
    return MemberRemoved(record.conversation_id, record.offset, record.subject, None)


def data(entry: MemberRemoved, conversation: Conversation | None) -> dict[str, Any]:
    return {**conversation_fields(conversation), "userId": entry.user_id}
