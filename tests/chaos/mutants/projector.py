"""Bugs of the fold, the store and the queries."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from message_store import domain
from message_store.domain import Conversation, Outcome, ReadAdvanced, Sent, fold
from message_store.query_api import read_sql
from message_store.query_api.queries import Queries
from message_store.read_models.rows import Changes
from message_store.storage.port import Known
from message_store.storage.postgres import PostgresStore
from shared.contract import ids
from shared.contract.events import MessageSent, ReadMoved
from shared.runtime.failpoints import failpoint
from tests.chaos.mutants.registry import mutant, replaces


@mutant
def offset_before_write() -> None:
    """The offset is committed in one transaction, the rows in the next."""
    commit = PostgresStore.commit

    @replaces(commit)
    async def _commit(self: PostgresStore, changes: Changes) -> Known:
        await commit(self, Changes(advances=changes.advances))
        if changes.messages:
            failpoint("mutant.between")
        return await commit(self, replace(changes, advances=[]))


@mutant
def dedupe_off() -> None:
    """A repeated send becomes a message with an id of its own."""

    def decide(state: Conversation | None, event: Any, offset: int) -> Outcome:
        if isinstance(event, MessageSent) and state and event.data.message_id in state.sent:
            new_id = {"message_id": ids.message_id(str(offset), "again", "again")}
            event = event.model_copy(update={"data": event.data.model_copy(update=new_id)})
        return domain.decide(state, event, offset)

    vars(fold)["decide"] = decide


@mutant
def seq_from_memory() -> None:
    """Seqs come from a counter, which a failed commit does not turn back."""
    last: dict[str, int] = {}

    def decide(state: Conversation | None, event: Any, offset: int) -> Outcome:
        outcome = domain.decide(state, event, offset)
        if not isinstance(outcome, Sent):
            return outcome
        last[outcome.conversation_id] = max(outcome.seq, last.get(outcome.conversation_id, 0) + 1)
        return outcome._replace(seq=last[outcome.conversation_id])

    vars(fold)["decide"] = decide


@mutant
def own_send_unread() -> None:
    """A send does not move its sender's read position."""

    def evolve(state: Conversation | None, entry: Any) -> Conversation:
        after = domain.evolve(state, entry)
        return after._replace(members=state.members) if state and isinstance(entry, Sent) else after

    vars(fold)["evolve"] = evolve


@mutant
def read_falls() -> None:
    """A late read turns a newer read position back."""

    def decide(state: Conversation | None, event: Any, offset: int) -> Outcome:
        if isinstance(event, ReadMoved) and state and event.actor in state.members:
            return ReadAdvanced(state.id, offset, event.actor, min(event.data.up_to, state.last_seq))
        return domain.decide(state, event, offset)

    vars(fold)["decide"] = decide


@mutant
def history_open_to_all() -> None:
    """History is not restricted to members."""
    members_only = "and m.user_id = %(user)s and m.to_offset is null"
    read_sql.HISTORY = read_sql.HISTORY.replace(members_only, "limit 1", 1)


@mutant
def list_forgets() -> None:
    """The newest conversation is not listed."""
    list_conversations = Queries.conversations

    @replaces(list_conversations)
    async def _conversations(self: Queries, user: str, limit: int, page: str | None) -> dict[str, Any]:
        page_of_list = await list_conversations(self, user, limit, page)
        return {**page_of_list, "items": page_of_list["items"][1:]}


@mutant
def projects_the_clock() -> None:
    """A conversation's `updated_at` is the time of projection, not of its last event."""
    commit = PostgresStore.commit

    @replaces(commit)
    async def _commit(self: PostgresStore, changes: Changes) -> Known:
        now = datetime.now(UTC).isoformat()
        rows = [row._replace(updated_at=now) for row in changes.conversations]
        return await commit(self, replace(changes, conversations=rows))
