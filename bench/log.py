"""Events straight into `chat.events`, as a gateway would have written them, and many of them fast."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from pydantic import BaseModel

from bench.wires import TEXT
from shared.contract import codec, events, ids
from shared.contract.fields import timestamp
from shared.kafka import OutgoingRecord, Producer, partition_for
from shared.log.topics import Topics

_WHERE = Topics.with_prefix().events
_ACTOR = "bench"


def started(conversation: str, members: Sequence[str]) -> OutgoingRecord:
    """A group's beginning."""
    data = events.ConversationStartedData(conversation_id=conversation, kind="group", members=list(members))
    return _record(events.ConversationStarted(**_envelope(conversation, members[0]), data=data), conversation)


def sent(conversations: Sequence[str], count: int) -> Iterator[tuple[str, OutgoingRecord]]:
    """`count` messages, one conversation after the other in turn, each with its conversation. They are cut
    from one pattern, because a model for each would take longer than what is measured."""
    one, message, event = (str(uuid4()) for _ in range(3))
    data = events.MessageSentData(
        conversation_id=one, message_id=message, content=events.TextContent(text=TEXT)
    )
    envelope = {**_envelope(one, _ACTOR), "id": event}
    pattern = codec.encode(events.MessageSent(**envelope, data=data))
    for number in range(count):
        conversation = conversations[number % len(conversations)]
        value = pattern.replace(one.encode(), conversation.encode())
        value = value.replace(message.encode(), str(uuid4()).encode())
        value = value.replace(event.encode(), ids.fresh_id().encode())
        yield conversation, OutgoingRecord(conversation.encode(), value, codec.HEADERS)


async def write(kafka: str, partitions: int, records: Iterator[tuple[str, OutgoingRecord]]) -> None:
    """Each partition's in order; returns when all are confirmed."""
    lines: list[list[OutgoingRecord]] = [[] for _ in range(partitions)]
    for key, record in records:
        lines[partition_for(key.encode(), partitions)].append(record)
    producer = Producer(kafka, client_id="bench", timeout=30)
    await producer.start()
    try:
        async with asyncio.TaskGroup() as group:
            for partition, line in enumerate(lines):
                group.create_task(_line(producer, partition, line))
    finally:
        await producer.stop()


async def _line(producer: Producer, partition: int, records: list[OutgoingRecord]) -> None:
    begin = 0
    while begin < len(records):
        begin += (await producer.append_batch(_WHERE, partition, records[begin : begin + 4_000])).record_count


def _envelope(conversation: str, actor: str) -> dict[str, str]:
    now = timestamp(datetime.now(UTC))
    return {"id": ids.fresh_id(), "source": "bench", "subject": conversation, "time": now, "actor": actor}


def _record(event: BaseModel, conversation: str) -> OutgoingRecord:
    return OutgoingRecord(conversation.encode(), codec.encode(event), codec.HEADERS)
