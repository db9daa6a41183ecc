"""Build valid events; a test names only the fields that it is about."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from pydantic import BaseModel

from shared.contract import codec, events, ids
from shared.contract.fields import timestamp
from shared.kafka import Record, partition_for

EPOCH = "0123456789abcdef"
_ticks = count()


def moment() -> str:
    """Return a timestamp one millisecond after the previous one."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return timestamp(start + timedelta(milliseconds=next(_ticks)))


def _envelope(actor: str, subject: str) -> dict[str, Any]:
    return {
        "id": ids.fresh_id(),
        "source": "test",
        "subject": subject,
        "time": moment(),
        "actor": actor,
    }


def opened(partitions: int = 1, epoch: str = EPOCH) -> events.Event:
    data = events.LogOpenedData(epoch=epoch, partitions=partitions)
    return events.LogOpened(id=ids.fresh_id(), source="test", subject="log", time=moment(), data=data)


def started(
    conversation_id: str,
    members: Sequence[str],
    *,
    kind: str = "group",
    title: str | None = None,
    visibility: str = "all",
) -> events.Event:
    data = {
        "conversation_id": conversation_id,
        "kind": kind,
        "members": list(members),
        "history_visibility": visibility,
        "content": {"title": title},
    }
    return events.ConversationStarted.model_validate(_envelope(members[0], conversation_id) | {"data": data})


def direct(a: str, b: str) -> events.Event:
    return started(ids.direct_conversation_id(a, b), [a, b], kind="direct")


def sent(conversation_id: str, actor: str, text: str = "hello", client_id: str | None = None) -> events.Event:
    data = {
        "conversation_id": conversation_id,
        "message_id": ids.message_id(conversation_id, actor, client_id),
        "client_id": client_id,
        "content": {"text": text},
    }
    return events.MessageSent.model_validate(_envelope(actor, conversation_id) | {"data": data})


def read(conversation_id: str, actor: str, up_to: int) -> events.Event:
    data = {"conversation_id": conversation_id, "up_to": up_to}
    return events.ReadMoved.model_validate(_envelope(actor, conversation_id) | {"data": data})


def added(conversation_id: str, actor: str, user: str) -> events.Event:
    data = {"conversation_id": conversation_id, "user_id": user}
    return events.MemberAdded.model_validate(_envelope(actor, conversation_id) | {"data": data})


def removed(conversation_id: str, actor: str, user: str) -> events.Event:
    data = {"conversation_id": conversation_id, "user_id": user}
    return events.MemberRemoved.model_validate(_envelope(actor, conversation_id) | {"data": data})


def key_of(event: BaseModel) -> bytes | None:
    subject = getattr(event, "subject", "")
    return None if isinstance(event, events.LogOpened) else str(subject).encode()


def records(partition: int, happened: Iterable[events.Event], start: int = 0) -> list[Record]:
    """Return the events as records read from one partition."""
    return [
        Record(partition, offset, key_of(event), codec.encode(event))
        for offset, event in enumerate(happened, start)
    ]


def partition_of(conversation_id: str, partitions: int) -> int:
    return partition_for(conversation_id.encode(), partitions)
