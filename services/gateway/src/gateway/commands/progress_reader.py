"""Reads the store's progress once for all callers that need it at the same time.

A caller gets the answer to a query that began after its call, never an older one: a connection's start is
only right when it was read after all notifiers knew the user.
"""

import asyncio

import structlog

from gateway.commands.event_producer import EventProducer
from gateway.store.client import StorePort, StoreUnavailable
from shared.internal.store_api import ProjectionOffsets

log = structlog.get_logger()


class CoalescedProgressReader:
    def __init__(self, store: StorePort, events: EventProducer) -> None:
        self._store = store
        self._events = events
        self._running: asyncio.Task[ProjectionOffsets] | None = None
        self._next: asyncio.Task[ProjectionOffsets] | None = None

    async def progress(self) -> ProjectionOffsets:
        """Raises StoreUnavailable when the store does not answer, or belongs to another log."""
        if self._next is None:
            self._next = asyncio.create_task(self._read_after(self._running))
            self._next.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._next)

    async def _read_after(self, before: asyncio.Task[ProjectionOffsets] | None) -> ProjectionOffsets:
        if before is not None:
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        progress = await self._store.progress()
        identity = self._events.identity
        if identity is None:
            raise StoreUnavailable("the log was not seen yet")
        if (identity.epoch, identity.partitions) != (progress.epoch, len(progress.offsets)):
            log.error("store.of_another_log", store=progress.epoch, log=identity.epoch)
            raise StoreUnavailable("store and log belong to different systems")
        return progress
