"""The topics, and the job that creates them: `python -m shared.log.topics`. Idempotent.

Offset 0 of every partition of `chat.events` is the epoch record. It identifies the log, so that a database
and a log that do not belong together are never used together. The last record of `chat.epoch` repeats it for
gateways, which need no right to read events.
"""

import argparse
import asyncio
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import NamedTuple

import structlog
from pydantic import Field

from shared.contract import codec, ids
from shared.contract.events import LogOpened, LogOpenedData
from shared.contract.fields import timestamp
from shared.kafka import Producer, TopicReader, TopicSpec, Unconfirmed
from shared.kafka.admin import create_topics, describe_topics
from shared.log import log_epoch
from shared.runtime.logging import configure
from shared.runtime.misconfigured import Misconfigured
from shared.runtime.settings import KafkaSettings, load_settings

log = structlog.get_logger()

OPEN_TIMEOUT_SECONDS, RETRY_INTERVAL_SECONDS = 60.0, 1.0

_WEEK_MS, _MONTH_MS = 7 * 86_400_000, 30 * 86_400_000
_MAX_LARGE_RECORD = str(3 * 1024 * 1024)
"""Bytes: a 2 MiB dead letter, or an entry with 1,024 long user ids, and its envelope."""


class Topics(NamedTuple):
    events: str
    messages: str
    dead_letters: str
    epoch: str

    @classmethod
    def with_prefix(cls, prefix: str = "") -> "Topics":
        names = ("chat.events", "chat.messages", "chat.dead-letters", "chat.epoch")
        return cls(*(prefix + name for name in names))


class TopicSettings(KafkaSettings):
    partitions: int = Field(default=12, ge=1, le=4_096)
    """The number for `chat.events` and `chat.messages`; never changed afterwards."""
    replication: int = Field(default=1, ge=1)
    min_insync_replicas: int = Field(default=1, ge=1)
    log_level: str = "info"


def topic_specs(settings: TopicSettings) -> list[TopicSpec]:
    topics = Topics.with_prefix(settings.topic_prefix)
    safe = {
        "min.insync.replicas": str(settings.min_insync_replicas),
        "unclean.leader.election.enable": "false",
        "cleanup.policy": "delete",
        "message.timestamp.type": "LogAppendTime",  # else a writer an hour ahead is refused
    }
    forever = {"retention.ms": "-1", "retention.bytes": "-1"}
    return [
        TopicSpec(topics.events, settings.partitions, safe | forever),
        TopicSpec(
            topics.messages,
            settings.partitions,
            safe | {"retention.ms": str(_WEEK_MS), "max.message.bytes": _MAX_LARGE_RECORD},
        ),
        TopicSpec(topics.epoch, 1, safe | forever),
        TopicSpec(
            topics.dead_letters,
            1,
            safe | {"retention.ms": str(_MONTH_MS), "max.message.bytes": _MAX_LARGE_RECORD},
        ),
    ]


async def open_log(settings: TopicSettings, fresh_epoch: str | None = None) -> str:
    """Create the topics that are missing, write missing epoch records and return the epoch: that of the log,
    else `fresh_epoch` (random by default). Raises Misconfigured when existing topics cannot be used or hold
    more than one epoch; TimeoutError or Unconfirmed when the broker is too slow."""
    topics = Topics.with_prefix(settings.topic_prefix)
    specs = topic_specs(settings)
    await create_topics(settings, specs, settings.replication)
    _require_usable(await describe_topics(settings, [spec.name for spec in specs]), specs)
    events = TopicReader(settings, topics.events, client_id="parley-topics")
    published = TopicReader(settings, topics.epoch, client_id="parley-topics")
    producer = Producer(settings, client_id="parley-topics")
    async with AsyncExitStack() as stack:
        for client in (events, published, producer):
            await client.start()
            stack.push_async_callback(client.stop)

        async def publish(epoch: str) -> None:
            if await log_epoch.read_published(published) != epoch:
                await (await producer.send(topics.epoch, 0, None, _record(settings, epoch), codec.HEADERS))

        fresh_epoch = fresh_epoch or secrets.token_hex(8)
        return await write_epoch(settings, topics, events, producer, fresh_epoch, publish)


def _require_usable(found: Mapping[str, TopicSpec], specs: Sequence[TopicSpec]) -> None:
    """Require of topics that existed before what Parley cannot do without: their partitions, that no record
    is lost, and room for the largest one. Raises Misconfigured, which names every fault and what to do."""
    if faults := [fault for spec in specs if spec.name in found for fault in _faults(found[spec.name], spec)]:
        raise Misconfigured("; ".join(faults))


def _faults(found: TopicSpec, wanted: TopicSpec) -> Iterator[str]:
    if found.partitions != wanted.partitions > 1:
        yield _other_partition_count(wanted.name, found.partitions, wanted.partitions)
    wrong = {
        name: value
        for name, value in wanted.config.items()
        if name in found.config and not _suffices(name, found.config[name], value)
    }
    if wrong:
        given = ", ".join(f"{name}={found.config[name]}" for name in wrong)
        needed = ",".join(f"{name}={value}" for name, value in wrong.items())
        yield (
            f"{wanted.name} has {given}, which loses records: run kafka-configs.sh --alter "
            f"--entity-type topics --entity-name {wanted.name} --add-config {needed}"
        )


def _other_partition_count(topic: str, found: int, wanted: int) -> str:
    return (
        f"{topic} has {found} partitions, not {wanted}; the number never changes: set PARTITIONS={found}, or "
        "use another TOPIC_PREFIX"
    )


def _suffices(name: str, found: str, wanted: str) -> bool:
    """Whether no record is lost by this value where `wanted` was; else it is for operators to choose."""
    match name:
        case "cleanup.policy":
            return found == wanted
        case "max.message.bytes":
            return int(found) >= int(wanted)
        case "retention.ms" | "retention.bytes":
            return found == wanted or wanted != "-1"
        case _:
            return True


async def write_epoch(
    settings: TopicSettings,
    topics: Topics,
    topic_reader: TopicReader,
    producer: Producer,
    fresh_epoch: str,
    publish: Callable[[str], Awaitable[None]],
) -> str:
    """Open the partitions that are empty, and return the epoch. `publish` it first: once all partitions are
    opened, a gateway takes what `chat.epoch` holds."""
    for _ in range(100):  # the broker's metadata shows a new topic a moment after it was created
        count = await topic_reader.partition_count()
        if count:
            break
        await asyncio.sleep(0.05)
    if count != settings.partitions:
        raise Misconfigured(_other_partition_count(topics.events, count, settings.partitions))
    ends = await topic_reader.end_offsets(range(count))
    opened_partitions = [partition for partition, end in ends.items() if end > 0]
    known = await topic_reader.records_at(dict.fromkeys(opened_partitions, 0))
    if len(known) < len(opened_partitions):  # another epoch beside one that was not read would divide the log
        raise TimeoutError(f"the first records of {topics.events} could not be read in time")
    try:
        epochs = {codec.decode_epoch(record.value) for record in known.values()}
    except codec.DecodeError as error:
        raise Misconfigured(f"{topics.events} is not a log of Parley's: {error}") from None
    if len(epochs) > 1:
        raise Misconfigured(f"{topics.events} holds the epochs of several logs: {sorted(epochs)}")
    epoch = epochs.pop() if epochs else fresh_epoch
    await publish(epoch)
    for partition in (p for p, end in ends.items() if end == 0):
        record = _record(settings, epoch)
        await (await producer.send(topics.events, partition, None, record, codec.HEADERS))
    return epoch


def _record(settings: TopicSettings, epoch: str) -> bytes:
    opened = LogOpened(
        id=ids.fresh_id(),
        source=settings.source,
        subject="log",
        time=timestamp(datetime.now(UTC)),
        data=LogOpenedData(epoch=epoch, partitions=settings.partitions),
    )
    return codec.encode(opened)


Attempt = Callable[[TopicSettings, str], Awaitable[str]]


async def open_log_with_retries(
    settings: TopicSettings,
    attempt: Attempt = open_log,
    *,
    give_up_after: float = OPEN_TIMEOUT_SECONDS,
    interval: float = RETRY_INTERVAL_SECONDS,
) -> str:
    """Open the log; try again every `interval` seconds while the broker is too slow. All attempts share one
    fresh epoch: a record that was not confirmed may still be written. After `give_up_after` seconds raises
    what the last attempt raised; Misconfigured at once."""
    deadline, fresh_epoch = time.monotonic() + give_up_after, secrets.token_hex(8)
    while True:
        try:
            return await attempt(settings, fresh_epoch)
        except (TimeoutError, Unconfirmed) as error:
            if time.monotonic() >= deadline:
                raise
            log.warning("topics.retry", reason=str(error) or "no answer in time")
            await asyncio.sleep(interval)


def main() -> None:
    argparse.ArgumentParser(
        prog="topics",
        description="Make Parley's topics, or check those that exist; then end.",
        epilog="Its settings are environment variables: KAFKA_BOOTSTRAP, PARTITIONS, REPLICATION, "
        "MIN_INSYNC_REPLICAS, TOPIC_PREFIX and those of Kafka's security.",
    ).parse_args()
    settings = load_settings(TopicSettings)
    configure("topics", settings.log_level)
    try:
        epoch = asyncio.run(open_log_with_retries(settings))
    except (RuntimeError, TimeoutError, Unconfirmed) as error:
        log.error("topics.failed", reason=str(error) or "Kafka does not answer in time")
        sys.exit(1)
    log.info("topics.ready", epoch=epoch, partitions=settings.partitions)


if __name__ == "__main__":
    main()
