"""Bugs of the fold, the store and the queries."""

import asyncio
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
from tests.chaos.mutants.registry import mutant, replaces


@mutant
def offset_before_write() -> None:
    """The offset is committed in one transaction, the rows in the next."""
    commit = PostgresStore.commit

    @replaces(commit)
    async def _commit(self: PostgresStore, write_set: WriteSet) -> ExistingMessages:
        await commit(self, WriteSet(progress=write_set.progress))
        if write_set.messages:
            failpoint("mutant.between")
        return await commit(self, replace(write_set, progress={}))


@mutant
def commits_are_slow() -> None:
    """No bug: each commit takes 0.2 seconds longer."""
    commit = PostgresStore.commit

    @replaces(commit)
    async def _commit(self: PostgresStore, write_set: WriteSet) -> ExistingMessages:
        await asyncio.sleep(0.2)
        return await commit(self, write_set)


@mutant
def dedupe_off() -> None:
    """A repeated send becomes a message with an id of its own."""

    def decide(state: State, event: Any, offset: int) -> Outcome:
        if isinstance(event, events.MessageSent) and state.message is not None:
            new_id = {"message_id": ids.message_id(str(offset), "again", "again")}
            event = event.model_copy(update={"data": event.data.model_copy(update=new_id)})
            state = state._replace(message=None)
        return decide_module.decide(state, event, offset)

    vars(fold)["decide"] = decide


@mutant
def seq_from_memory() -> None:
    """Seqs come from a counter, which a failed commit does not turn back."""
    last: dict[str, int] = {}

    def decide(state: State, event: Any, offset: int) -> Outcome:
        outcome = decide_module.decide(state, event, offset)
        if not isinstance(outcome, MessageSent):
            return outcome
        last[outcome.conversation_id] = max(outcome.seq, last.get(outcome.conversation_id, 0) + 1)
        return outcome._replace(seq=last[outcome.conversation_id])

    vars(fold)["decide"] = decide


@mutant
def own_send_unread() -> None:
    """A send does not move its sender's read position."""

    def evolve(state: State, entry: Any) -> State:
        after = evolve_module.evolve(state, entry)
        if not isinstance(entry, MessageSent) or state.conversation is None or after.conversation is None:
            return after
        return after._replace(conversation=after.conversation._replace(members=state.conversation.members))

    vars(fold)["evolve"] = evolve


@mutant
def read_falls() -> None:
    """A late read turns a newer read position back."""

    def decide(state: State, event: Any, offset: int) -> Outcome:
        conversation = state.conversation
        if isinstance(event, events.ReadMoved) and conversation and event.actor in conversation.members:
            up_to = min(event.data.up_to, conversation.last_seq)
            return ReadMoved(conversation.id, offset, event.actor, up_to)
        return decide_module.decide(state, event, offset)

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
    async def _commit(self: PostgresStore, write_set: WriteSet) -> ExistingMessages:
        now = datetime.now(UTC).isoformat()
        rows = {key: row._replace(updated_at=now) for key, row in write_set.conversations.items()}
        return await commit(self, replace(write_set, conversations=rows))
