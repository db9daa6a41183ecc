"""The conversation after an entry."""

from typing import assert_never

from message_store.domain.conversation import Conversation, Member
from message_store.domain.outcomes import Entry, MemberJoined, MemberLeft, ReadAdvanced, Sent, Started


def evolve(state: Conversation | None, entry: Entry) -> Conversation:
    """`entry` is what decide made of this very state."""
    if isinstance(entry, Started):
        return _started(entry)
    assert state is not None
    match entry:
        case Sent():
            return _with_message(state, entry)
        case ReadAdvanced():
            return state._replace(version=entry.offset, members=_read(state, entry.user_id, entry.up_to))
        case MemberJoined():
            joined = Member(entry.offset, 0, state.last_seq, state.last_seq)
            return state._replace(version=entry.offset, members={**state.members, entry.user_id: joined})
        case MemberLeft():
            rest = {user: member for user, member in state.members.items() if user != entry.user_id}
            return state._replace(version=entry.offset, members=rest)
        case _:
            assert_never(entry)


def _with_message(state: Conversation, sent: Sent) -> Conversation:
    """Spelt out: it is what nearly every entry does, and `_replace` takes several times as long."""
    identity, kind, title, visibility, started_offset, created_at, updated_at, _, _, _, said = state
    return Conversation(
        identity,
        kind,
        title,
        visibility,
        started_offset,
        created_at,
        max(updated_at, sent.created_at),
        sent.offset,
        sent.seq,
        _read(state, sent.sender, sent.seq),  # who writes has read all before it
        {**said, sent.message_id: sent.offset},
    )


def _started(entry: Started) -> Conversation:
    return Conversation(
        id=entry.conversation_id,
        kind=entry.kind,
        title=entry.title,
        history_visibility=entry.history_visibility,
        started_offset=entry.offset,
        created_at=entry.created_at,
        updated_at=entry.created_at,
        version=entry.offset,
        last_seq=0,
        members={user: Member(entry.offset, ordinal, 0, 0) for ordinal, user in enumerate(entry.members)},
    )


def _read(state: Conversation, user: str, up_to: int) -> dict[str, Member]:
    from_offset, ordinal, joined_seq, _ = state.members[user]
    return {**state.members, user: Member(from_offset, ordinal, joined_seq, up_to)}
