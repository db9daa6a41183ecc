"""Any story, and the read models that a log makes of it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from message_store.domain.fold import FoldResult
from message_store.projector.batch import FoldedBatch, fold_batch
from message_store.projector.event_reader import ConsumedRecord
from message_store.projector.state_cache import StateCache
from message_store.storage.port import Store
from message_store.testing.in_memory_storage import InMemoryStore, Tables
from shared.contract import ids
from shared.contract.events import Event
from shared.log.log_epoch import LogIdentity
from tests.fixtures import builders

IDENTITY = LogIdentity(builders.EPOCH, 1)
USERS = ["ann", "bob", "cat", "dan"]
CONVERSATIONS = [ids.group_conversation_id("ann", name) for name in ("a", "b", "c")]

users = st.sampled_from(USERS)
conversations = st.sampled_from(CONVERSATIONS)
member_lists = st.lists(users, min_size=1, max_size=4, unique=True)

anything = st.one_of(
    st.builds(builders.started, conversations, member_lists, visibility=st.sampled_from(["all", "joined"])),
    st.builds(builders.sent, conversations, users, client_id=st.none() | st.sampled_from(["1", "2", "3"])),
    st.builds(builders.sent, conversations, users, client_id=st.none()),
    st.builds(builders.read, conversations, users, st.integers(0, 12)),
    st.builds(builders.added, conversations, users, users),
    st.builds(builders.removed, conversations, users, users),
    st.builds(builders.revoked, users),
)
stories = st.lists(anything, max_size=40)


async def commit(
    store: Store, states: StateCache, consumed: Sequence[ConsumedRecord], published: dict[int, int]
) -> FoldedBatch:
    """Write one batch as a projector with no other batch in flight does."""
    folded = fold_batch(consumed, await states.load(consumed), published)
    while existing := await store.commit(folded.write_set):
        folded = fold_batch(consumed, folded.before.with_messages(existing), published)
    states.keep(folded.after, folded.results)
    return folded


@dataclass
class Projection:
    """A projector without Kafka: the same fold, rows and store, driven by hand."""

    tables: Tables = field(default_factory=Tables)
    folded: list[FoldResult] = field(default_factory=list)

    async def apply(self, story: Sequence[Event], cuts: random.Random | None = None) -> "Projection":
        """The whole story; cut into batches at random, with caches dropped at random."""
        store = InMemoryStore(self.tables)
        await store.claim(IDENTITY, [0])
        consumed = [
            ConsumedRecord(record, event)
            for record, event in zip(builders.records(0, story), story, strict=True)
        ]
        states = StateCache(store)
        while consumed:
            size = len(consumed) if cuts is None else cuts.randint(1, len(consumed))
            if cuts is not None and cuts.random() < 0.3:
                states = StateCache(store)
            self.folded += (await commit(store, states, consumed[:size], {0: 0})).results
            consumed = consumed[size:]
        return self

    def rows(self) -> dict[str, Any]:
        """Everything but the progress, which tells of the batches."""
        tables = self.tables
        return {
            "conversations": tables.conversations,
            "members": tables.members,
            "messages": tables.messages,
            "user_revocations": tables.user_revocations,
            "journal": tables.journal,
        }
