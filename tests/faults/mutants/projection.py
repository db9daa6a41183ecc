"""Bugs of the fold, the store and the queries."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from message_store import domain
from message_store.domain import Conversation, Outcome, ReadAdvanced, Sent, fold
from message_store.query_api import read_sql
from message_store.query_api.queries import Queries
from message_store.read_models.rows import WriteSet
from message_store.storage.port import ExistingMessages
from message_store.storage.postgres import PostgresStore
from shared.contract import ids
from shared.contract.events import MessageSent, ReadMoved
from shared.runtime.failpoints import failpoint


def offset_before_write() -> None:
    """The offset is moved in one transaction, what it stands for is written in the next."""
    usual = PostgresStore.commit

    async def commit(self: PostgresStore, changes: WriteSet) -> ExistingMessages:
        await usual(self, WriteSet(advances=changes.advances))
        if changes.messages:
            failpoint("mutant.between")
        return await usual(self, replace(changes, advances=[]))

    PostgresStore.commit = commit  # type: ignore[method-assign]


def dedupe_off() -> None:
    """Nobody asks whether a message is there already, and no index holds it off."""
    usual = domain.decide

    def decide(state: Conversation | None, event: Any, offset: int) -> Outcome:
        if isinstance(event, MessageSent) and state and event.data.message_id in state.sent:
            event = event.model_copy(
                update={"data": event.data.model_copy(update={"message_id": _new(offset)})}
            )
        return usual(state, event, offset)

    vars(fold)["decide"] = decide


def _new(offset: int) -> str:
    return ids.message_id(str(offset), "again", "again")


def seq_from_memory() -> None:
    """Numbers are drawn from a counter, which a commit that was lost does not turn back."""
    usual = domain.decide
    drawn: dict[str, int] = {}

    def decide(state: Conversation | None, event: Any, offset: int) -> Outcome:
        outcome = usual(state, event, offset)
        if not isinstance(outcome, Sent):
            return outcome
        drawn[outcome.conversation_id] = max(outcome.seq, drawn.get(outcome.conversation_id, 0) + 1)
        return outcome._replace(seq=drawn[outcome.conversation_id])

    vars(fold)["decide"] = decide


def own_send_unread() -> None:
    """Who writes is not taken to have read what is before it."""
    usual = domain.evolve

    def evolve(state: Conversation | None, entry: Any) -> Conversation:
        after = usual(state, entry)
        return after._replace(members=state.members) if state and isinstance(entry, Sent) else after

    vars(fold)["evolve"] = evolve


def read_falls() -> None:
    """A read that comes late turns the newer one back."""
    usual = domain.decide

    def decide(state: Conversation | None, event: Any, offset: int) -> Outcome:
        if isinstance(event, ReadMoved) and state and event.actor in state.members:
            return ReadAdvanced(state.id, offset, event.actor, min(event.data.up_to, state.last_seq))
        return usual(state, event, offset)

    vars(fold)["decide"] = decide


def history_open_to_all() -> None:
    """History is read without asking whose it is."""
    mine = "and m.user_id = %(user)s and m.to_offset is null"
    read_sql.HISTORY = read_sql.HISTORY.replace(mine, "limit 1", 1)


def list_forgets() -> None:
    """The newest conversation is not listed."""
    usual = Queries.conversations

    async def conversations(self: Queries, user: str, limit: int, page: str | None) -> dict[str, Any]:
        found = await usual(self, user, limit, page)
        return {**found, "items": found["items"][1:]}

    Queries.conversations = conversations  # type: ignore[method-assign]


def asks_the_clock() -> None:
    """A conversation changed when it is projected, not when something happened in it."""
    usual = PostgresStore.commit

    async def commit(self: PostgresStore, changes: WriteSet) -> ExistingMessages:
        now = datetime.now(UTC).isoformat()
        rows = [row._replace(updated_at=now) for row in changes.conversations]
        return await usual(self, replace(changes, conversations=rows))

    PostgresStore.commit = commit  # type: ignore[method-assign]
