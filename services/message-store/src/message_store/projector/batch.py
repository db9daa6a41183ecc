"""One batch of the log, folded and not yet written."""

from collections.abc import Sequence
from typing import NamedTuple

from message_store.domain.fold import ConsumedEvent, FoldResult, States, fold
from message_store.projector.state_cache import with_known_messages
from message_store.read_models.changes import advance, changes
from message_store.read_models.rows import ProgressUpdate, WriteSet


class FoldedBatch(NamedTuple):
    """FoldResult as if none of its messages had been sent before, but for those that `before` knows. The next
    batch may be folded upon `after` while this one is written."""

    arrivals: Sequence[ConsumedEvent]
    before: States
    after: States
    batch: list[FoldResult]
    progress_updates: list[ProgressUpdate]
    changes: WriteSet


def fold_batch(arrivals: Sequence[ConsumedEvent], before: States, published: dict[int, int]) -> FoldedBatch:
    """`before`: of every conversation named. `published`: of each partition, what is told below."""
    after = dict(before)
    batch = fold(after, arrivals)
    progress_updates = advance(batch, published)
    return FoldedBatch(
        arrivals,
        before,
        with_known_messages(after, {}),
        batch,
        progress_updates,
        changes(batch, before, after, progress_updates),
    )
