"""The conversations that a batch needs: from memory where they are, else in two queries.

What is kept is valid only while this projector owns the partition and no commit is uncertain."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

from message_store.fold import Arrival, States
from message_store.store import Store
from shared.events import LogOpened, MessageSent


class StateCache:
    def __init__(self, store: Store, capacity: int = 20_000) -> None:
        self._store = store
        self._capacity = capacity
        self._kept: OrderedDict[str, int] = OrderedDict()  # conversation id → partition
        self._states: States = {}

    async def load(self, arrivals: Iterable[Arrival]) -> States:
        """The state of every conversation named, None where there is none; `sent` answers for every message
        id named. Raises Unavailable."""
        needed: dict[str, int] = {}
        messages: list[tuple[str, str]] = []
        for arrival in arrivals:
            event = arrival.event
            if event is None or isinstance(event, LogOpened):
                continue
            needed[event.data.conversation_id] = arrival.record.partition
            if isinstance(event, MessageSent):
                messages.append((event.data.conversation_id, event.data.message_id))
        missing = [identity for identity in needed if identity not in self._states]
        fetched = await self._store.conversations(missing) if missing else {}
        sent = await self._store.sent(messages) if messages else {}
        states: States = {}
        for identity in needed:
            state = self._states.get(identity) or fetched.get(identity)
            states[identity] = state and replace(state, sent=sent.get(identity, {}))
        return states

    def keep(self, states: States, partition_of: dict[str, int]) -> None:
        """These are what the database holds now."""
        for identity, state in states.items():
            if state is not None:
                self._states[identity] = replace(state, sent={})
                self._kept[identity] = partition_of[identity]
                self._kept.move_to_end(identity)
        while len(self._kept) > self._capacity:
            del self._states[self._kept.popitem(last=False)[0]]

    def drop(self, partition: int) -> None:
        for identity in [i for i, kept_for in self._kept.items() if kept_for == partition]:
            del self._kept[identity], self._states[identity]
