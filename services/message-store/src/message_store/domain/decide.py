"""What an event does to a conversation as it is. Reads one aggregate, never another."""

from typing import assert_never

from message_store.domain.conversation import Conversation
from message_store.domain.outcomes import (
    Duplicate,
    MemberJoined,
    MemberLeft,
    Outcome,
    ReadAdvanced,
    Rejected,
    Sent,
    Skipped,
    Started,
)
from shared.contract.events import (
    ConversationEvent,
    ConversationStarted,
    MemberAdded,
    MemberRemoved,
    MessageSent,
    ReadMoved,
)
from shared.contract.fields import MAX_MEMBERS


def decide(state: Conversation | None, event: ConversationEvent, offset: int) -> Outcome:
    """`offset` is the event's own. A message that is not in `state.sent` is taken for new."""
    if isinstance(event, ConversationStarted):
        return _start(state, event, offset)
    if state is None:
        return Rejected("not_found")
    match event:
        case MessageSent():
            return _send(state, event, offset)
        case _ if event.actor not in state.members:
            return Rejected("not_found")
        case ReadMoved():
            return _read(state, event, offset)
        case MemberAdded():
            return _add(state, event, offset)
        case MemberRemoved():
            return _remove(state, event, offset)
        case _:
            assert_never(event)


def _start(state: Conversation | None, event: ConversationStarted, offset: int) -> Outcome:
    if state is not None:
        return Duplicate(state.started_offset)
    data = event.data
    members = tuple(dict.fromkeys(data.members))
    if len(members) > MAX_MEMBERS:
        return Rejected("group_full")
    return Started(
        data.conversation_id,
        offset,
        data.kind,
        data.content.title,
        data.history_visibility,
        members,
        event.time,
    )


def _send(state: Conversation, event: MessageSent, offset: int) -> Outcome:
    data = event.data
    if (first := state.sent.get(data.message_id)) is not None:
        return Duplicate(first)  # before membership: a retry is never told as a failure
    if event.actor not in state.members:
        return Rejected("not_found")
    seq = state.last_seq + 1
    return Sent(
        state.id, offset, data.message_id, seq, event.actor, data.client_id, data.content.text, event.time
    )


def _read(state: Conversation, event: ReadMoved, offset: int) -> Outcome:
    up_to = min(event.data.up_to, state.last_seq)
    if up_to <= state.members[event.actor].read_seq:
        return Skipped("no_change")
    return ReadAdvanced(state.id, offset, event.actor, up_to)


def _add(state: Conversation, event: MemberAdded, offset: int) -> Outcome:
    if state.kind != "group":
        return Rejected("not_a_group")
    if event.data.user_id in state.members:
        return Skipped("no_change")
    if len(state.members) >= MAX_MEMBERS:
        return Rejected("group_full")
    return MemberJoined(state.id, offset, event.data.user_id)


def _remove(state: Conversation, event: MemberRemoved, offset: int) -> Outcome:
    if state.kind != "group":
        return Rejected("not_a_group")
    if event.data.user_id not in state.members:
        return Skipped("no_change")
    user = event.data.user_id
    return MemberLeft(state.id, offset, user, state.members[user])
