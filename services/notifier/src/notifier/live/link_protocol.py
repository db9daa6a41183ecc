"""The texts on a link (docs/internal-wire.md)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from notifier.live.dispatch_entry import Notice
from notifier.live.replay_buffer import Stream
from shared.contract.position import next_offset


class BadMessage(ValueError):
    """The gateway broke the protocol."""


_MAX_USERS = 20_000  # in one message
_MAX_PARTITIONS = 10_000

_Number = Annotated[int, Field(ge=0, lt=2**63, strict=True)]
_Partition = Annotated[int, Field(ge=0, lt=2**31)]
_User = Annotated[str, Field(min_length=1, max_length=128)]


class _FromGateway(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # gateways may be one release ahead


class Hello(_FromGateway):
    type: Literal["hello"]
    gateway: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class Announce(_FromGateway):
    type: Literal["announce"]
    batch: _Number
    users: Annotated[list[_User], Field(max_length=_MAX_USERS)]


class Withdraw(_FromGateway):
    type: Literal["withdraw"]
    batch: _Number
    users: Annotated[list[_User], Field(max_length=_MAX_USERS)]


class Replay(_FromGateway):
    type: Literal["replay"]
    partitions: Annotated[dict[_Partition, _Number], Field(max_length=_MAX_PARTITIONS)]


FromGateway = Hello | Announce | Withdraw | Replay
_NAMES = frozenset({"hello", "announce", "withdraw", "replay", "gateway", "batch", "users", "partitions"})
_reader: TypeAdapter[FromGateway] = TypeAdapter(Annotated[FromGateway, Field(discriminator="type")])


def read(text: str) -> FromGateway:
    """Raises BadMessage, whose text quotes nothing of the message."""
    try:
        return _reader.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(name for name in map(str, first["loc"]) if name in _NAMES)
        said = "no such type" if first["type"] == "union_tag_invalid" else first["msg"]
        raise BadMessage(f"{place}: {said}" if place else said) from None


def owns(count: int, streams: Iterable[Stream]) -> str:
    return _header({"type": "owns", "count": count, "partitions": _places(streams)})


def gap(streams: Iterable[Stream]) -> str:
    return _header({"type": "gap", "partitions": _places(streams)})


def acknowledged(batch: int) -> str:
    return _header({"type": "acknowledged", "batch": batch})


def entry(notice: Notice, users: Sequence[str], partition: int, told: int) -> str:
    header = {
        "type": "entry",
        "partition": partition,
        "after": told,
        "upTo": next_offset(notice.offset),
        "covers": next_offset(notice.position.offset),
        "kind": notice.kind,
        "conversation": notice.conversation,
        "users": users,
    }
    return f"{_header(header)}\n{notice.frame if users else ''}"


def progress(streams: Iterable[Stream], told: Mapping[int, int]) -> str:
    stretches = {
        str(s.partition): {"after": told[s.partition], "upTo": s.at, "covers": s.covers} for s in streams
    }
    return _header({"type": "progress", "partitions": stretches})


def _places(streams: Iterable[Stream]) -> dict[str, dict[str, int]]:
    return {str(s.partition): {"at": s.at, "covers": s.covers} for s in streams}


def _header(fields: dict[str, Any]) -> str:
    return orjson.dumps(fields).decode()
