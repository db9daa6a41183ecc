"""A member adds a user to a group."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from message_store.domain.conversation import Conversation, Member
from message_store.domain.events.conversation_fields import conversation_fields
from message_store.domain.events.kind import Audience, JournalColumns
from message_store.domain.outcomes import NoEntry, Rejected, Skipped
from message_store.domain.rows import JournalRecord, Row
from message_store.domain.state import State
from shared.contract import events
from shared.contract.fields import MAX_MEMBERS

JOURNAL_KIND = "member.added"
ENTRY_TYPE = "chat.member.added.v1"
SHOWS_CONVERSATION = True


class MemberAdded(NamedTuple):
    conversation_id: str
    offset: int
    user_id: str


def sent_message(_: events.MemberAdded) -> None:
    return None


def decide(state: State, event: events.MemberAdded, offset: int) -> MemberAdded | NoEntry:
    conversation = state.conversation
    if conversation is None or event.actor not in conversation.members:
        return Rejected("not_found")
    if conversation.kind != "group":
        return Rejected("not_a_group")
    if event.data.user_id in conversation.members:
        return Skipped("no_change")
    if len(conversation.members) >= MAX_MEMBERS:
        return Rejected("group_full")
    return MemberAdded(conversation.id, offset, event.data.user_id)


def evolve(state: State, entry: MemberAdded) -> State:
    conversation = state.conversation
    assert conversation is not None
    last_seq = conversation.last_seq  # what was sent before does not count as unread
    added = Member(entry.offset, 0, joined_seq=last_seq, read_seq=last_seq)
    members = {**conversation.members, entry.user_id: added}
    return State(conversation._replace(version=entry.offset, members=members))


def audience(_: MemberAdded, members: tuple[str, ...]) -> Audience:
    return Audience(members)


def rows(_entry: MemberAdded, _partition: int) -> Sequence[Row]:
    return ()


def journal_columns(entry: MemberAdded) -> JournalColumns:
    return JournalColumns(subject=entry.user_id)


def entry_from_journal(record: JournalRecord) -> MemberAdded:
    assert record.subject is not None
    return MemberAdded(record.conversation_id, record.offset, record.subject)


def data(entry: MemberAdded, conversation: Conversation | None) -> dict[str, Any]:
    return {**conversation_fields(conversation), "userId": entry.user_id}
