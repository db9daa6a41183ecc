"""Which log this is: read from its first records, before anything else is done with it."""

import asyncio
from dataclasses import dataclass

import structlog

from shared.contract import codec
from shared.kafka import Inspector

log = structlog.get_logger()


@dataclass(frozen=True)
class LogIdentity:
    epoch: str
    partitions: int


async def identify(inspector: Inspector, topic: str) -> LogIdentity:
    """Waits until the topic-making job has opened every partition. Raises RuntimeError when the partitions
    do not belong to one log."""
    told = False
    while True:
        count = await inspector.partitions()
        firsts = await inspector.records_at(dict.fromkeys(range(count), 0)) if count else {}
        if count and len(firsts) == count:
            break
        if not told:
            log.info("log.waiting", topic=topic, hint="is `python -m shared.topics` done?")
            told = True
        await asyncio.sleep(0.2)
    try:
        epochs = {codec.epoch_of(record.value) for record in firsts.values()}
    except codec.Undecodable as error:
        raise RuntimeError(f"{topic} is not a log of ours: {error}") from None
    if len(epochs) != 1:
        raise RuntimeError(f"{topic} holds the epochs of several logs: {sorted(epochs)}")
    return LogIdentity(epochs.pop(), count)
