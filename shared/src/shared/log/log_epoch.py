"""Which log this is, read from its first records before anything else."""

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


async def identify(topic_reader: TopicReader, topic: str) -> LogIdentity:
    """Read the log's epoch and number of partitions; wait until every partition is opened. Raises
    RuntimeError when the partitions do not belong to one log."""
    logged = False
    while True:
        count = await topic_reader.partition_count()
        first_records = await topic_reader.records_at(dict.fromkeys(range(count), 0)) if count else {}
        if count and len(first_records) == count:
            break
        if not logged:
            log.info("log.waiting", topic=topic, hint="is `python -m shared.log.topics` done?")
            logged = True
        await asyncio.sleep(0.2)
    try:
        epochs = {codec.decode_epoch(record.value) for record in first_records.values()}
    except codec.DecodeError as error:
        raise RuntimeError(f"{topic} is not a log of Parley's: {error}") from None
    if len(epochs) != 1:
        raise RuntimeError(f"{topic} holds the epochs of several logs: {sorted(epochs)}")
    return LogIdentity(epochs.pop(), count)
