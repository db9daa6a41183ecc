"""The conversations that a batch needs: from memory where they are, else in one query.

What is kept is valid only while this projector owns the partition and no commit is uncertain."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from message_store.domain import Conversation
from message_store.domain.fold import ConsumedEvent, FoldResult, NonConversationRecord, States
from message_store.storage.port import ExistingMessages, Store


class StateCache:
    def __init__(self, store: Store, capacity: int = 20_000) -> None:
        self._store = store
        self._capacity = capacity
        self._kept: OrderedDict[str, int] = OrderedDict()  # conversation id → partition
        self._states: States = {}

    async def load(
        self, arrivals: Iterable[ConsumedEvent], ahead: Mapping[str, Conversation | None]
    ) -> States:
        """The state of every conversation named, None where there is none, as if none of the messages named
        had been sent before. `ahead`: what some will be once the batch under way is written. Raises
        Unavailable."""
        needed = dict.fromkeys(
            arrival.event.data.conversation_id
            for arrival in arrivals
            if not isinstance(arrival.event, NonConversationRecord)
        )
        missing = [identity for identity in needed if identity not in self._states and identity not in ahead]
        fetched = await self._store.conversations(missing) if missing else {}
        return {i: ahead.get(i) or self._states.get(i) or fetched.get(i) for i in needed}

    def keep(self, states: States, batch: Iterable[FoldResult]) -> None:
        """These are what the database holds now, of the batch's conversations."""
        homes = {folded.conversation_id: folded.partition for folded in batch}
        for identity, state in states.items():
            if state is not None:
                self._states[identity] = state
                self._kept[identity] = homes[identity]
                self._kept.move_to_end(identity)
        while len(self._kept) > self._capacity:
            del self._states[self._kept.popitem(last=False)[0]]

    def drop(self, partition: int) -> None:
        for identity in [i for i, kept_for in self._kept.items() if kept_for == partition]:
            del self._kept[identity], self._states[identity]


def with_known_messages(states: States, known: ExistingMessages) -> States:
    """The same, with the messages that were sent before."""
    return {i: state and state._replace(sent=known.get(i, {})) for i, state in states.items()}
