"""One batch of the log, folded and not yet written."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from message_store.domain.fold import ConsumedEvent, FoldResult, fold
from message_store.domain.rows import ProgressUpdate
from message_store.domain.state import States
from message_store.projector.event_reader import ConsumedRecord
from message_store.read_models.write_set import WriteSet, progress_updates, write_set


class FoldedBatch(NamedTuple):
    """Folded optimistically: every message counts as new unless `before` holds it. While this one is written,
    the next batch may be folded on top of `after`."""

    consumed: Sequence[ConsumedRecord]
    before: States
    after: States
    results: list[FoldResult]
    updates: list[ProgressUpdate]
    write_set: WriteSet
    started_at: int
    """Nanoseconds of POSIX time."""


def fold_batch(
    consumed: Sequence[ConsumedRecord], before: States, published: Mapping[int, int], started_at: int = 0
) -> FoldedBatch:
    """Fold `consumed`. `before` holds every conversation named; `published`: of each partition, the offset
    below which every entry is confirmed in chat.messages; `started_at`: when work on the batch began, in
    nanoseconds of POSIX time."""
    after = before.copy()
    events = [ConsumedEvent(each.record.partition, each.record.offset, each.event) for each in consumed]
    results = fold(after, events)
    updates = progress_updates(results, published)
    return FoldedBatch(
        consumed=consumed,
        before=before,
        after=after,
        results=results,
        updates=updates,
        write_set=write_set(results, before, after, updates),
        started_at=started_at,
    )
