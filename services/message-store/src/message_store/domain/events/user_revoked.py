"""The tokens that a user holds are revoked. Each revocation is a fact of its own: none needs the one before
it, and the latest is in force, in whatever order gateways' clocks put them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from message_store.domain.conversation import Conversation
from message_store.domain.events.kind import Audience, JournalColumns
from message_store.domain.rows import JournalRecord, RevocationRow, Row
from message_store.domain.state import State
from shared.contract import events

JOURNAL_KIND = "user.revoked"
ENTRY_TYPE = "chat.user.revoked.v1"
SHOWS_CONVERSATION = False


class UserRevoked(NamedTuple):
    user_id: str
    offset: int
    revoked_at: str


def sent_message(_: events.UserRevoked) -> None:
    return None


def decide(_: State, event: events.UserRevoked, offset: int) -> UserRevoked:
    return UserRevoked(event.data.user_id, offset, event.data.revoked_at)


def evolve(state: State, _: UserRevoked) -> State:
    return state


def audience(_entry: UserRevoked, _members: tuple[str, ...]) -> Audience:
    """No user: gateways alone act on it."""
    return Audience((), is_private=True)


def rows(entry: UserRevoked, partition: int) -> Sequence[Row]:
    return (RevocationRow(partition, entry.offset, entry.user_id, entry.revoked_at),)


def journal_columns(entry: UserRevoked) -> JournalColumns:
    return JournalColumns(subject=entry.user_id)


def entry_from_journal(record: JournalRecord) -> UserRevoked:
    assert record.subject is not None
    assert record.revoked_at is not None
    return UserRevoked(record.subject, record.offset, record.revoked_at)


def data(entry: UserRevoked, _: Conversation | None) -> dict[str, Any]:
    return {"userId": entry.user_id, "revokedAt": entry.revoked_at}
