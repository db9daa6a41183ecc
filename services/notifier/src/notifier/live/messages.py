"""The texts on a link (docs/internal-wire.md)."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from notifier.live.notice import Notice
from notifier.live.stream import Stream


class BadMessage(ValueError):
    """The gateway broke the protocol."""


class _FromGateway(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # gateways may be one release ahead


class Hello(_FromGateway):
    type: Literal["hello"]
    gateway: str
    offsets: dict[int, int]


class Announce(_FromGateway):
    type: Literal["announce"]
    batch: int
    users: list[str]


class Withdraw(_FromGateway):
    type: Literal["withdraw"]
    batch: int
    users: list[str]


FromGateway = Hello | Announce | Withdraw
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
    places = {str(s.partition): {"at": s.at, "covers": s.covers} for s in streams}
    return _header({"type": "owns", "count": count, "partitions": places})


def acknowledged(batch: int) -> str:
    return _header({"type": "acknowledged", "batch": batch})


def entry(notice: Notice, users: list[str], stream: Stream, after: int) -> str:
    header = {
        "type": "entry",
        "partition": stream.partition,
        "after": after,
        "upTo": stream.at,
        "covers": stream.covers,
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


def _header(fields: dict[str, Any]) -> str:
    return orjson.dumps(fields).decode()
