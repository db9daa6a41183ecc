"""Events straight into `chat.events`, as a gateway would have produced them, and many of them fast."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from pydantic import BaseModel

from bench.load.plan import Conversation
from bench.load.protocols import TEXT
from shared.contract import codec, events, ids
from shared.contract.fields import timestamp
from shared.kafka import OutgoingRecord, Producer, partition_for
from shared.log.topics import Topics

_TOPIC = Topics.with_prefix().events
_ACTOR = "bench"
_MAX_BATCH_RECORDS = 4_000


def started(conversation: Conversation) -> OutgoingRecord:
    """The start of a group."""
    data = events.ConversationStartedData(
        conversation_id=conversation.id, kind="group", members=conversation.members
    )
    envelope = _envelope(conversation.id, conversation.members[0])
    return _record(events.ConversationStarted(**envelope, data=data), conversation.id)


def sent(conversations: Sequence[Conversation], count: int) -> Iterator[OutgoingRecord]:
    """`count` messages, one conversation after the other in turn.

    They are cut from one pattern, because a model for each would take longer than what is measured.
    """
    conversation_id, message_id, event_id = (str(uuid4()) for _ in range(3))
    data = events.MessageSentData(
        conversation_id=conversation_id, message_id=message_id, content=events.TextContent(text=TEXT)
    )
    envelope = {**_envelope(conversation_id, _ACTOR), "id": event_id}
    pattern = codec.encode(events.MessageSent(**envelope, data=data))
    for number in range(count):
        key = conversations[number % len(conversations)].id.encode()
        value = pattern.replace(conversation_id.encode(), key)
        value = value.replace(message_id.encode(), str(uuid4()).encode())
        value = value.replace(event_id.encode(), ids.fresh_id().encode())
        yield OutgoingRecord(key, value, codec.HEADERS)


async def write(kafka: str, partitions: int, records: Iterable[OutgoingRecord]) -> None:
    """Append records, each partition's in order; return when all are confirmed."""
    by_partition: list[list[OutgoingRecord]] = [[] for _ in range(partitions)]
    for record in records:
        by_partition[partition_for(record.key or b"", partitions)].append(record)
    producer = Producer(kafka, client_id="bench", timeout=30)
    await producer.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            for partition, partition_records in enumerate(by_partition):
                tasks.create_task(_append(producer, partition, partition_records))
    finally:
        await producer.stop()


async def _append(producer: Producer, partition: int, records: list[OutgoingRecord]) -> None:
    begin = 0
    while begin < len(records):
        batch = records[begin : begin + _MAX_BATCH_RECORDS]
        begin += (await producer.append_batch(_TOPIC, partition, batch)).record_count


def _envelope(conversation: str, actor: str) -> dict[str, str]:
    now = timestamp(datetime.now(UTC))
    return {"id": ids.fresh_id(), "source": "bench", "subject": conversation, "time": now, "actor": actor}


def _record(event: BaseModel, conversation: str) -> OutgoingRecord:
    return OutgoingRecord(conversation.encode(), codec.encode(event), codec.HEADERS)
