"""One batch of the log: load → fold → write."""

from collections.abc import Sequence

from message_store.changes import advance, changes
from message_store.fold import Arrival, Folded, fold
from message_store.rows import Advance
from message_store.states import StateCache, knowing
from message_store.store import Store
from shared.failpoints import failpoint


async def written(
    store: Store, cache: StateCache, arrivals: Sequence[Arrival], published: dict[int, int]
) -> tuple[list[Folded], list[Advance]]:
    """Folded as if none of its messages had been sent before, and committed in one round trip. When the
    database knows some of them, which is rare, it wrote nothing, and the batch is folded anew, knowing these.

    `published`: of each partition, what is told below. Raises as `Store.commit` does; then nothing is kept.
    """
    loaded = await cache.load(arrivals)
    failpoint("projector.loaded")
    while True:
        states = dict(loaded)
        batch = fold(states, arrivals)
        moves = advance(batch, published)
        known = await store.commit(changes(batch, loaded, moves))
        if not known:
            cache.keep(states, {f.conversation_id: f.partition for f in batch if f.conversation_id})
            return batch, moves
        loaded = knowing(loaded, known)
