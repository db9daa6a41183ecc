"""Which log this is: read from its first records, before anything else is done with it."""

import asyncio
from dataclasses import dataclass

import structlog

from shared.contract import codec
from shared.kafka import TopicReader

log = structlog.get_logger()


@dataclass(frozen=True)
class LogIdentity:
    epoch: str
    partitions: int


async def identify(inspector: TopicReader, topic: str) -> LogIdentity:
    """Waits until the topic-making job has opened every partition. Raises RuntimeError when the partitions
    do not belong to one log."""
    logged = False
    while True:
        count = await inspector.partition_count()
        first_records = await inspector.records_at(dict.fromkeys(range(count), 0)) if count else {}
        if count and len(first_records) == count:
            break
        if not logged:
            log.info("log.waiting", topic=topic, hint="is `python -m shared.topics` done?")
            logged = True
        await asyncio.sleep(0.2)
    try:
        epochs = {codec.decode_epoch(record.value) for record in first_records.values()}
    except codec.DecodeError as error:
        raise RuntimeError(f"{topic} is not a log of ours: {error}") from None
    if len(epochs) != 1:
        raise RuntimeError(f"{topic} holds the epochs of several logs: {sorted(epochs)}")
    return LogIdentity(epochs.pop(), count)
