"""Bugs of the fold, the store and the queries."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from message_store.domain import decide as decide_module
from message_store.domain import evolve as evolve_module
from message_store.domain import fold
from message_store.domain.decide import Outcome
from message_store.domain.events.message_sent import MessageSent
from message_store.domain.events.read_moved import ReadMoved
from message_store.domain.state import ExistingMessages, State
from message_store.query_api import read_sql
from message_store.query_api.queries import Queries
from message_store.read_models.write_set import WriteSet
from message_store.storage.postgres import PostgresStore
from shared.contract import events, ids
from shared.runtime.failpoints import failpoint


def offset_before_write() -> None:
    """The offset is moved in one transaction, what it stands for is written in the next."""
    usual = PostgresStore.commit

    async def commit(self: PostgresStore, write_set: WriteSet) -> ExistingMessages:
        await usual(self, WriteSet(progress=write_set.progress))
        if write_set.messages:
            failpoint("mutant.between")
        return await usual(self, replace(write_set, progress={}))

    PostgresStore.commit = commit  # type: ignore[method-assign]


def dedupe_off() -> None:
    """Nobody asks whether a message is there already, and no index holds it off."""
    usual = decide_module.decide

    def decide(state: State, event: Any, offset: int) -> Outcome:
        if isinstance(event, events.MessageSent) and state.message is not None:
            event = event.model_copy(
                update={"data": event.data.model_copy(update={"message_id": _new(offset)})}
            )
        return usual(state, event, offset)

    vars(fold)["decide"] = decide


def _new(offset: int) -> str:
    return ids.message_id(str(offset), "again", "again")


def seq_from_memory() -> None:
    """Numbers are drawn from a counter, which a commit that was lost does not turn back."""
    usual = decide_module.decide
    drawn: dict[str, int] = {}

    def decide(state: State, event: Any, offset: int) -> Outcome:
        outcome = usual(state, event, offset)
        if not isinstance(outcome, MessageSent):
            return outcome
        drawn[outcome.conversation_id] = max(outcome.seq, drawn.get(outcome.conversation_id, 0) + 1)
        return outcome._replace(seq=drawn[outcome.conversation_id])

    vars(fold)["decide"] = decide


def own_send_unread() -> None:
    """Who writes is not taken to have read what is before it."""
    usual = evolve_module.evolve

    def evolve(state: State, entry: Any) -> State:
        after = usual(state, entry)
        if not isinstance(entry, MessageSent) or state.conversation is None or after.conversation is None:
            return after
        return after._replace(conversation=after.conversation._replace(members=state.conversation.members))

    vars(fold)["evolve"] = evolve


def read_falls() -> None:
    """A read that comes late turns the newer one back."""
    usual = decide_module.decide

    def decide(state: State, event: Any, offset: int) -> Outcome:
        conversation = state.conversation
        if isinstance(event, events.ReadMoved) and conversation and event.actor in conversation.members:
            up_to = min(event.data.up_to, conversation.last_seq)
            return ReadMoved(conversation.id, offset, event.actor, up_to)
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

    async def commit(self: PostgresStore, write_set: WriteSet) -> ExistingMessages:
        now = datetime.now(UTC).isoformat()
        rows = {key: row._replace(updated_at=now) for key, row in write_set.conversations.items()}
        return await usual(self, replace(write_set, conversations=rows))

    PostgresStore.commit = commit  # type: ignore[method-assign]
