"""How far the store is now, asked once for all who ask at the same time.

Who asks gets an answer to a question that was put after they asked, never an older one: a socket's start
is only true if it was read after all notifiers knew of the socket.
"""

import asyncio

import structlog

from gateway.commands.event_producer import EventLog
from gateway.store.client import StorePort, StoreUnavailable
from shared.internal.store_api import ProjectionOffsets

log = structlog.get_logger()


class Present:
    def __init__(self, store: StorePort, events: EventLog) -> None:
        self._store = store
        self._events = events
        self._running: asyncio.Task[ProjectionOffsets] | None = None
        self._next: asyncio.Task[ProjectionOffsets] | None = None

    async def progress(self) -> ProjectionOffsets:
        """Raises StoreUnavailable."""
        if self._next is None:
            self._next = asyncio.create_task(self._ask(self._running))
            self._next.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._next)

    async def _ask(self, before: asyncio.Task[ProjectionOffsets] | None) -> ProjectionOffsets:
        if before is not None:
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        progress = await self._store.progress()
        identity = self._events.identity
        if identity is None:
            raise StoreUnavailable("the log was not seen yet")
        if (identity.epoch, identity.partitions) != (progress.epoch, len(progress.offsets)):
            log.error("store.of_another_log", store=progress.epoch, log=identity.epoch)
            raise StoreUnavailable("the store and the log do not belong together")
        return progress
