"""The states that a batch refers to: from the batch in flight or the cache, else in one query.

What is cached is valid only while this projector owns the partition and no commit is uncertain.
"""

from collections import OrderedDict
from collections.abc import Iterable

from message_store.domain.conversation import Conversation
from message_store.domain.events.registry import KIND_OF_EVENT
from message_store.domain.fold import FoldResult, NonConversationRecord
from message_store.domain.state import States
from message_store.projector.event_reader import ConsumedRecord
from message_store.storage.port import Store
from shared.contract.events import conversation_of

_NOTHING = States()


class StateCache:
    def __init__(self, store: Store, capacity: int = 20_000) -> None:
        """`capacity`: conversations; the least recently kept are evicted."""
        self._store = store
        self._capacity = capacity
        self._partition_of: OrderedDict[str, int] = OrderedDict()
        self._conversations: dict[str, Conversation] = {}

    async def load(self, consumed: Iterable[ConsumedRecord], in_flight: States = _NOTHING) -> States:
        """Return the states that the events refer to, overlaid by `in_flight`: what they become once the
        batch in flight is written. Messages are not looked up: the commit finds those that exist. Raises
        Unavailable."""
        events = [each.event for each in consumed if not isinstance(each.event, NonConversationRecord)]
        named_ids = map(conversation_of, events)
        needed = dict.fromkeys(identity for identity in named_ids if identity is not None)
        cached, overlay = self._conversations, in_flight.conversations
        missing = [identity for identity in needed if identity not in cached and identity not in overlay]
        fetched = await self._store.conversations(missing) if missing else {}
        states = States({i: overlay.get(i) or cached.get(i) or fetched.get(i) for i in needed})
        if in_flight.messages:
            named = (KIND_OF_EVENT[type(event)].sent_message(event) for event in events)
            facts = in_flight.messages
            states.messages = {key: facts[key] for key in named if key is not None and key in facts}
        return states

    def keep(self, states: States, results: Iterable[FoldResult]) -> None:
        """Cache what the database holds now of the batch's conversations."""
        partition_of = {result.conversation_id: result.partition for result in results}
        for identity, conversation in states.conversations.items():
            if conversation is not None:
                self._conversations[identity] = conversation
                self._partition_of[identity] = partition_of[identity]
                self._partition_of.move_to_end(identity)
        while len(self._partition_of) > self._capacity:
            del self._conversations[self._partition_of.popitem(last=False)[0]]

    def drop(self, partition: int) -> None:
        for identity in [i for i, cached_for in self._partition_of.items() if cached_for == partition]:
            del self._partition_of[identity], self._conversations[identity]
