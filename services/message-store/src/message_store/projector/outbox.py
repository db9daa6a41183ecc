"""Read the outbox again: queue what was committed and perhaps not published."""

from collections.abc import Awaitable, Callable, Sequence

from message_store.domain.fold import FoldResult
from message_store.projector.publisher import Publisher
from message_store.storage.port import PartitionProgress
from shared.contract.position import next_offset

PAGE_RESULTS = 1_000

ReadPage = Callable[[int, int, int], Awaitable[Sequence[FoldResult]]]
"""Partition, start offset, limit: as `Store.unpublished`."""


async def requeue_unpublished(progress: PartitionProgress, read_page: ReadPage, publisher: Publisher) -> None:
    """Replace the partition's queue by everything from `progress.published` on, in order."""
    publisher.restart(progress.partition)
    start = progress.published
    while page := await read_page(progress.partition, start, PAGE_RESULTS):
        publisher.enqueue(page)
        start = next_offset(page[-1].offset)
