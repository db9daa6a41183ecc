"""The texts on a link (docs/internal-wire.md)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from notifier.live.dispatch_entry import DispatchEntry
from notifier.live.replay_buffer import PartitionReplayBuffer
from shared.contract.position import after


class ProtocolError(ValueError):
    """The gateway broke the protocol."""


_MAX_USERS = 20_000  # in one message
_MAX_PARTITIONS = 10_000

_Count = Annotated[int, Field(ge=0, lt=2**63, strict=True)]
_Partition = Annotated[int, Field(ge=0, lt=2**31)]
_User = Annotated[str, Field(min_length=1, max_length=128)]


class _GatewayMessage(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # gateways may be one release ahead


class Hello(_GatewayMessage):
    type: Literal["hello"]
    gateway: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class Subscribe(_GatewayMessage):
    type: Literal["announce"]
    batch: _Count
    users: Annotated[list[_User], Field(max_length=_MAX_USERS)]


class Unsubscribe(_GatewayMessage):
    type: Literal["withdraw"]
    batch: _Count
    users: Annotated[list[_User], Field(max_length=_MAX_USERS)]


class Replay(_GatewayMessage):
    type: Literal["replay"]
    partitions: Annotated[dict[_Partition, _Count], Field(max_length=_MAX_PARTITIONS)]


GatewayMessage = Hello | Subscribe | Unsubscribe | Replay
_NAMES = frozenset({"hello", "announce", "withdraw", "replay", "gateway", "batch", "users", "partitions"})
_adapter: TypeAdapter[GatewayMessage] = TypeAdapter(Annotated[GatewayMessage, Field(discriminator="type")])


def decode(text: str) -> GatewayMessage:
    """Raises BadMessage, whose text quotes nothing of the message."""
    try:
        return _adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(name for name in map(str, first["loc"]) if name in _NAMES)
        violation = "no such type" if first["type"] == "union_tag_invalid" else first["msg"]
        raise ProtocolError(f"{field}: {violation}" if field else violation) from None


def assigned(partition_count: int, buffers: Iterable[PartitionReplayBuffer]) -> str:
    return _encode({"type": "owns", "count": partition_count, "partitions": _partition_offsets(buffers)})


def gap(buffers: Iterable[PartitionReplayBuffer]) -> str:
    return _encode({"type": "gap", "partitions": _partition_offsets(buffers)})


def acknowledged(batch: int) -> str:
    return _encode({"type": "acknowledged", "batch": batch})


def entry(entry: DispatchEntry, users: Sequence[str], partition: int, start: int) -> str:
    header = {
        "type": "entry",
        "partition": partition,
        "after": start,
        "upTo": after(entry.offset),
        "covers": after(entry.position.offset),
        "kind": entry.kind,
        "conversation": entry.conversation,
        "users": users,
    }
    return f"{_encode(header)}\n{entry.frame if users else ''}"


def progress(buffers: Iterable[PartitionReplayBuffer], start: Mapping[int, int]) -> str:
    ranges = {
        str(buffer.partition): {
            "after": start[buffer.partition],
            "upTo": buffer.next_offset,
            "covers": buffer.source_offset,
        }
        for buffer in buffers
    }
    return _encode({"type": "progress", "partitions": ranges})


def _partition_offsets(buffers: Iterable[PartitionReplayBuffer]) -> dict[str, dict[str, int]]:
    return {
        str(buffer.partition): {"at": buffer.next_offset, "covers": buffer.source_offset}
        for buffer in buffers
    }


def _encode(fields: dict[str, Any]) -> str:
    return orjson.dumps(fields).decode()
