"""The texts on a link (docs/internal-wire.md)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from notifier.live.notice import Notice
from notifier.live.stream import Stream
from shared.position import after


class BadMessage(ValueError):
    """The gateway broke the protocol."""


class _FromGateway(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # gateways may be one release ahead


class Hello(_FromGateway):
    type: Literal["hello"]
    gateway: str


class Announce(_FromGateway):
    type: Literal["announce"]
    batch: int
    users: list[str]


class Withdraw(_FromGateway):
    type: Literal["withdraw"]
    batch: int
    users: list[str]


class Replay(_FromGateway):
    type: Literal["replay"]
    partitions: dict[int, int]


FromGateway = Hello | Announce | Withdraw | Replay
_reader: TypeAdapter[FromGateway] = TypeAdapter(Annotated[FromGateway, Field(discriminator="type")])


def read(text: str) -> FromGateway:
    """Raises BadMessage."""
    try:
        return _reader.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise BadMessage(f"{place}: {first['msg']}" if place else first["msg"]) from None


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
        "upTo": after(notice.offset),
        "covers": after(notice.position.offset),
        "kind": notice.kind,
        "conversation": notice.conversation,
        "users": users,
    }
    return f"{_header(header)}\n{notice.frame}"


def progress(streams: Iterable[Stream], told: Mapping[int, int]) -> str:
    stretches = {
        str(s.partition): {"after": told[s.partition], "upTo": s.at, "covers": s.covers} for s in streams
    }
    return _header({"type": "progress", "partitions": stretches})


def _places(streams: Iterable[Stream]) -> dict[str, dict[str, int]]:
    return {str(s.partition): {"at": s.at, "covers": s.covers} for s in streams}


def _header(fields: dict[str, Any]) -> str:
    return orjson.dumps(fields).decode()
