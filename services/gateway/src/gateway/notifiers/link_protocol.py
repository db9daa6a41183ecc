"""What gateway and notifier say over a link (docs/internal-wire.md): a JSON header, for entries followed by
a line feed and the client's frame, which stays as it is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import orjson

from shared.http.websocket_connection import text_frame


class PartitionOffsets(NamedTuple):
    next_offset: int
    source_offset: int


class PartitionsAssigned(NamedTuple):
    """The partitions that the notifier reads now, all of them, of `total`."""

    partition_count: int
    partitions: dict[int, PartitionOffsets]


class Gap(NamedTuple):
    """It is too late to tell again what was asked for: these partitions go on from here."""

    partitions: dict[int, PartitionOffsets]


class Acknowledged(NamedTuple):
    batch: int


class LinkEntry(NamedTuple):
    partition: int
    start: int
    end: int
    source_offset: int
    kind: str
    conversation: str
    users: list[str]
    frame: bytes
    """As it is written to sockets."""


class OffsetRange(NamedTuple):
    partition: int
    start: int
    end: int
    source_offset: int


class Progress(NamedTuple):
    ranges: list[OffsetRange]


NotifierMessage = PartitionsAssigned | Acknowledged | LinkEntry | Progress | Gap


class ProtocolError(Exception):
    """Not of this protocol."""


def decode(text: bytes) -> NotifierMessage:
    """Raises Incomprehensible."""
    header, _, frame = text.partition(b"\n")
    try:
        return _decode_header(orjson.loads(header), frame)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProtocolError(repr(error)) from None


def hello(gateway: str) -> str:
    return _encode({"type": "hello", "gateway": gateway})


def subscription(kind: Literal["announce", "withdraw"], batch: int, users: Sequence[str]) -> str:
    return _encode({"type": kind, "batch": batch, "users": users})


def replay(offsets: Mapping[int, int]) -> str:
    return _encode(
        {"type": "replay", "partitions": {str(p): next_offset for p, next_offset in offsets.items()}}
    )


def _decode_header(header: dict[str, Any], frame: bytes) -> NotifierMessage:
    match header["type"]:
        case "entry":
            offset_range = (header["partition"], header["after"], header["upTo"], header["covers"])
            return LinkEntry(
                *offset_range, header["kind"], header["conversation"], header["users"], text_frame(frame)
            )
        case "progress":
            return Progress(list(_offset_ranges(header["partitions"])))
        case "acknowledged":
            return Acknowledged(header["batch"])
        case "owns":
            return PartitionsAssigned(header["count"], _partition_offsets(header))
        case "gap":
            return Gap(_partition_offsets(header))
        case unknown:
            raise ValueError(f"unknown type {unknown}")


def _partition_offsets(header: dict[str, Any]) -> dict[int, PartitionOffsets]:
    return {
        int(p): PartitionOffsets(offsets["at"], offsets["covers"])
        for p, offsets in header["partitions"].items()
    }


def _offset_ranges(partitions: dict[str, dict[str, int]]) -> Iterator[OffsetRange]:
    for partition, offset_range in partitions.items():
        yield OffsetRange(int(partition), offset_range["after"], offset_range["upTo"], offset_range["covers"])


def _encode(header: dict[str, Any]) -> str:
    return orjson.dumps(header).decode()
