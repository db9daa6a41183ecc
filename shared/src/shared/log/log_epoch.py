"""Which log this is, read from its first records before anything else."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import structlog

from shared.contract import codec
from shared.kafka import TopicReader
from shared.runtime.misconfigured import Misconfigured

log = structlog.get_logger()


@dataclass(frozen=True)
class LogIdentity:
    epoch: str
    partitions: int


async def identify(topic_reader: TopicReader, topic: str) -> LogIdentity:
    """Read the log's epoch and number of partitions; wait until every partition is opened. Raises
    Misconfigured when the partitions do not belong to one log."""
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
        raise Misconfigured(f"{topic} is not a log of Parley's: {error}") from None
    if len(epochs) != 1:
        raise Misconfigured(f"{topic} holds the epochs of several logs: {sorted(epochs)}")
    return LogIdentity(epochs.pop(), count)


async def read_published(published: TopicReader) -> str | None:
    """Read the epoch that `chat.epoch` holds; None while it holds none. Raises Misconfigured when it holds
    something else, TimeoutError when Kafka does not answer."""
    if await published.partition_count() == 0:
        return None
    end = (await published.end_offsets([0]))[0]
    if end == 0:
        return None
    records = await published.records_at({0: end - 1})
    if not records:
        raise TimeoutError("the epoch could not be read in time")
    try:
        return codec.decode_epoch(records[0].value)
    except codec.DecodeError as error:
        raise Misconfigured(f"the topic of the epoch is not Parley's: {error}") from None


async def identify_published(published: TopicReader, events: TopicReader) -> LogIdentity:
    """Identify the log without reading it, from `chat.epoch` and the end offsets of `chat.events`; wait until
    every partition is opened, as `chat.epoch` may be left of a log that is gone. Raises Misconfigured when
    the epoch is not Parley's or a right is missing."""
    logged = False
    while True:
        with suppress(TimeoutError):
            count = await events.partition_count()
            ends = await events.end_offsets(range(count)) if count else {}
            epoch = await read_published(published) if count and all(ends.values()) else None
            if epoch is not None:
                return LogIdentity(epoch, count)
            if not logged:
                log.info("log.waiting", hint="is `python -m shared.log.topics` of this release done?")
                logged = True
        await asyncio.sleep(0.2)
