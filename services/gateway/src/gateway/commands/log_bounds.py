"""Checks that a position or cursor lies within the log, once the store turned out to be behind it: one beyond
the log's end will never be reached."""

import asyncio

from gateway.commands.event_producer import EventProducer
from shared.contract.cursor import Cursor
from shared.contract.position import Position
from shared.http.problems import Problem

_LOG_END_TIMEOUT_SECONDS = 2.0


async def ensure_position_written(position: Position, producer: EventProducer) -> None:
    """Raises Problem: `invalid`, or `unavailable` when Kafka does not answer."""
    if position.offset >= (await _end_offsets(producer)).get(position.partition, 0):
        raise Problem("invalid", "position: is beyond the log's end")


async def ensure_cursor_written(cursor: Cursor, producer: EventProducer) -> None:
    """Raises Problem: `cursor_unusable`, or `unavailable` when Kafka does not answer."""
    end_offsets = await _end_offsets(producer)
    if any(offset > end_offsets.get(partition, 0) for partition, offset in enumerate(cursor.offsets)):
        raise Problem("cursor_unusable", "the cursor is beyond the log's end; fetch everything again")


async def _end_offsets(producer: EventProducer) -> dict[int, int]:
    try:
        async with asyncio.timeout(_LOG_END_TIMEOUT_SECONDS):
            return await producer.ends()
    except (TimeoutError, LookupError):
        raise Problem("unavailable", "the log does not answer") from None
