"""WebSocket protocol of the links between gateways and live notifiers (docs/internal-wire.md).

A gateway opens the link and offers SUBPROTOCOL, whose last part is the protocol's number. A notifier of
another number closes with MISMATCH_CLOSE_CODE; a gateway whose offer is not accepted closes with the same
code.

Each message is one text: a JSON header, in LinkEntry followed by a line feed and the client's frame. Offsets
are next offsets: a range [start, end) of `chat.messages` holds the records from `start` to `end` - 1, and
every entry below `source_offset` in `chat.events` has been dispatched (0: not known).

Gateway → notifier: Hello, Subscribe, Unsubscribe, Replay; validated in full, gateways may be many.
Notifier → gateway: PartitionsAssigned, Acknowledged, LinkEntry, Revocation, Gap, Progress; read as they are,
for speed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from shared.http.websocket_connection import text_frame

SUBPROTOCOL = "parley.link.2"
"""Sec-WebSocket-Protocol of the handshake. Another number whenever one end would misread the other."""
MISMATCH_CLOSE_CODE = 4426
"""The other end does not support SUBPROTOCOL."""
VIOLATION_CLOSE_CODE = 1008
"""The gateway broke the protocol; the reason names the violation."""
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""In either direction: a frame and the 1,024 users it is for, or 20,000 users of 128 characters."""

_MAX_USERS = 20_000
_MAX_PARTITIONS = 10_000

_Count = Annotated[int, Field(ge=0, lt=2**63, strict=True)]
_Partition = Annotated[int, Field(ge=0, lt=2**31)]
_Users = Annotated[
    Sequence[Annotated[str, Field(min_length=1, max_length=128)]], Field(max_length=_MAX_USERS)
]


class ProtocolError(ValueError):
    """A message that is not of this protocol. The text quotes nothing of what a gateway sent."""


# Gateway → notifier --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message on a link."""

    gateway: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
    type: Literal["hello"] = "hello"


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Deliver entries for these users, too."""

    batch: _Count
    """Ascends over Subscribe and Unsubscribe on a link; the notifier acknowledges it."""
    users: _Users
    type: Literal["subscribe"] = "subscribe"


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Deliver entries for these users no longer."""

    batch: _Count
    users: _Users
    type: Literal["unsubscribe"] = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Replay:
    """Deliver again, per partition from this offset on, to the users subscribed by now."""

    offsets: Annotated[Mapping[_Partition, _Count], Field(max_length=_MAX_PARTITIONS)]
    type: Literal["replay"] = "replay"


GatewayMessage = Hello | Subscribe | Unsubscribe | Replay
_gateway_message: TypeAdapter[GatewayMessage] = TypeAdapter(
    Annotated[GatewayMessage, Field(discriminator="type")]
)
_FIELDS = frozenset({"hello", "subscribe", "unsubscribe", "replay", "gateway", "batch", "users", "offsets"})


def encode_gateway_message(message: GatewayMessage) -> str:
    return orjson.dumps(message, option=orjson.OPT_NON_STR_KEYS).decode()


def decode_gateway_message(text: str) -> GatewayMessage:
    """Raises ProtocolError, in few words. Ignores unknown fields: gateways may be one release ahead."""
    try:
        return _gateway_message.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(name for name in map(str, first["loc"]) if name in _FIELDS)
        violation = "no such type" if first["type"] == "union_tag_invalid" else first["msg"]
        raise ProtocolError(f"{field}: {violation}" if field else violation) from None


# Notifier → gateway --------------------------------------------------------------------------------


class PartitionOffsets(NamedTuple):
    """How far a partition was dispatched."""

    next_offset: int
    source_offset: int


class PartitionsAssigned(NamedTuple):
    """The partitions that the notifier consumes now, all of them. The first message, and one at each
    change."""

    partition_count: int
    """The number of partitions of the topic."""
    partitions: Mapping[int, PartitionOffsets]


class Gap(NamedTuple):
    """Answers Replay for partitions whose replay buffer begins later: they go on from here."""

    partitions: Mapping[int, PartitionOffsets]


class Acknowledged(NamedTuple):
    """This batch and all earlier ones apply to every entry that is read from now on."""

    batch: int


class LinkEntry(NamedTuple):
    """One entry, once per link."""

    partition: int
    start: int
    """Where the range before it on this link ended: records between held nothing for this gateway."""
    end: int
    source_offset: int
    kind: str
    conversation: str
    users: Sequence[str]
    """Of its audience, those subscribed on this link. None of them, and no frame, in an entry that is here
    only because it may change members."""
    frame: bytes
    """A whole WebSocket frame, ready to be written to every connection of `users`."""
    accepted_at: float = 0.0
    """When its event was accepted, POSIX seconds; 0: not known."""
    traceparent: str = ""
    """The trace that the delivery belongs to; empty for none."""


class Revocation(NamedTuple):
    """An entry for every gateway and no client: the user's tokens issued up to `revoked_at` are no longer
    accepted."""

    partition: int
    start: int
    end: int
    source_offset: int
    user: str
    revoked_at: str
    """RFC 3339."""


class OffsetRange(NamedTuple):
    """Records that held nothing for this gateway; an empty range (start = end) only reports how far it is."""

    partition: int
    start: int
    end: int
    source_offset: int


class Progress(NamedTuple):
    """At least once a second for each partition assigned."""

    ranges: Sequence[OffsetRange]


NotifierMessage = PartitionsAssigned | Acknowledged | LinkEntry | Revocation | Progress | Gap


def encode_entry(  # noqa: PLR0913, PLR0917 - once per entry and link: a model as argument costs a tenth more
    partition: int,
    start: int,
    end: int,
    source_offset: int,
    kind: str,
    conversation: str,
    users: Sequence[str],
    frame: str,
    accepted_at: float = 0.0,
    traceparent: str = "",
) -> str:
    """Encode LinkEntry. `frame` is here JSON, serialized once for all links; left out without `users`."""
    header = {
        "type": "entry",
        "partition": partition,
        "start": start,
        "end": end,
        "sourceOffset": source_offset,
        "kind": kind,
        "conversation": conversation,
        "users": users,
        "acceptedAt": accepted_at,
    }
    if traceparent:
        header["traceparent"] = traceparent
    return f"{orjson.dumps(header).decode()}\n{frame if users else ''}"


def encode_notifier_message(message: PartitionsAssigned | Acknowledged | Revocation | Progress | Gap) -> str:
    match message:
        case PartitionsAssigned(count, partitions):
            header: dict[str, Any] = {
                "type": "assigned",
                "partitionCount": count,
                "partitions": _to_json(partitions),
            }
        case Acknowledged(batch):
            header = {"type": "acknowledged", "batch": batch}
        case Revocation():
            header = {
                "type": "revocation",
                "partition": message.partition,
                "start": message.start,
                "end": message.end,
                "sourceOffset": message.source_offset,
                "user": message.user,
                "revokedAt": message.revoked_at,
            }
        case Progress(ranges):
            header = {"type": "progress", "partitions": {str(r.partition): _range_to_json(r) for r in ranges}}
        case Gap(partitions):
            header = {"type": "gap", "partitions": _to_json(partitions)}
    return orjson.dumps(header).decode()


def decode_notifier_message(payload: bytes) -> NotifierMessage:
    """Raises ProtocolError."""
    header, _, frame = payload.partition(b"\n")
    try:
        return _from_json(orjson.loads(header), frame)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProtocolError(repr(error)) from None


def _from_json(header: dict[str, Any], frame: bytes) -> NotifierMessage:
    match header["type"]:
        case "entry":
            return LinkEntry(
                header["partition"],
                header["start"],
                header["end"],
                header["sourceOffset"],
                header["kind"],
                header["conversation"],
                header["users"],
                text_frame(frame),
                header.get("acceptedAt", 0.0),
                header.get("traceparent", ""),
            )
        case "progress":
            return Progress(list(_ranges(header["partitions"])))
        case "revocation":
            return Revocation(
                header["partition"],
                header["start"],
                header["end"],
                header["sourceOffset"],
                header["user"],
                header["revokedAt"],
            )
        case "acknowledged":
            return Acknowledged(header["batch"])
        case "assigned":
            return PartitionsAssigned(header["partitionCount"], _partitions(header))
        case "gap":
            return Gap(_partitions(header))
        case unknown:
            raise ValueError(f"unknown type {unknown}")


def _to_json(partitions: Mapping[int, PartitionOffsets]) -> dict[str, dict[str, int]]:
    return {
        str(partition): {"nextOffset": offsets.next_offset, "sourceOffset": offsets.source_offset}
        for partition, offsets in partitions.items()
    }


def _range_to_json(offset_range: OffsetRange) -> dict[str, int]:
    return {"start": offset_range.start, "end": offset_range.end, "sourceOffset": offset_range.source_offset}


def _partitions(header: dict[str, Any]) -> dict[int, PartitionOffsets]:
    return {
        int(partition): PartitionOffsets(offsets["nextOffset"], offsets["sourceOffset"])
        for partition, offsets in header["partitions"].items()
    }


def _ranges(partitions: dict[str, dict[str, int]]) -> Iterator[OffsetRange]:
    for partition, offsets in partitions.items():
        yield OffsetRange(int(partition), offsets["start"], offsets["end"], offsets["sourceOffset"])
