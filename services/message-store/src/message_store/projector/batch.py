"""One batch of the log, folded and not yet written."""

from collections.abc import Sequence
from typing import NamedTuple

from message_store.domain.fold import Arrival, Folded, States, fold
from message_store.projector.state_cache import knowing
from message_store.read_models.changes import advance, changes
from message_store.read_models.rows import Advance, Changes


class Draft(NamedTuple):
    """Folded as if none of its messages had been sent before, but for those that `before` knows. The next
    batch may be folded upon `after` while this one is written."""

    arrivals: Sequence[Arrival]
    before: States
    after: States
    batch: list[Folded]
    moves: list[Advance]
    changes: Changes


def draft(arrivals: Sequence[Arrival], before: States, published: dict[int, int]) -> Draft:
    """`before`: of every conversation named. `published`: of each partition, what is told below."""
    after = dict(before)
    batch = fold(after, arrivals)
    moves = advance(batch, published)
    return Draft(arrivals, before, knowing(after, {}), batch, moves, changes(batch, before, after, moves))
