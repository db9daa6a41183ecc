"""What gateway and notifier say over a link (docs/internal-wire.md): a JSON header, for entries followed by
a line feed and the client's frame, which stays as it is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import orjson

from shared.http.websocket_connection import text_frame


class Place(NamedTuple):
    at: int
    covers: int


class Owns(NamedTuple):
    """The partitions that the notifier reads now, all of them, of `total`."""

    total: int
    partitions: dict[int, Place]


class Gap(NamedTuple):
    """It is too late to tell again what was asked for: these partitions go on from here."""

    partitions: dict[int, Place]


class Acknowledged(NamedTuple):
    batch: int


class Entry(NamedTuple):
    partition: int
    after: int
    up_to: int
    covers: int
    kind: str
    conversation: str
    users: list[str]
    frame: bytes
    """As it is written to sockets."""


class Stretch(NamedTuple):
    partition: int
    after: int
    up_to: int
    covers: int


class Progress(NamedTuple):
    stretches: list[Stretch]


Told = Owns | Acknowledged | Entry | Progress | Gap


class Incomprehensible(Exception):
    """Not of this protocol."""


def parse(text: bytes) -> Told:
    """Raises Incomprehensible."""
    header, _, frame = text.partition(b"\n")
    try:
        return _told(orjson.loads(header), frame)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Incomprehensible(repr(error)) from None


def hello(gateway: str) -> str:
    return _text({"type": "hello", "gateway": gateway})


def interest(kind: Literal["announce", "withdraw"], batch: int, users: Sequence[str]) -> str:
    return _text({"type": kind, "batch": batch, "users": users})


def replay(offsets: Mapping[int, int]) -> str:
    return _text({"type": "replay", "partitions": {str(p): at for p, at in offsets.items()}})


def _told(header: dict[str, Any], frame: bytes) -> Told:
    match header["type"]:
        case "entry":
            stretch = (header["partition"], header["after"], header["upTo"], header["covers"])
            return Entry(*stretch, header["kind"], header["conversation"], header["users"], text_frame(frame))
        case "progress":
            return Progress(list(_stretches(header["partitions"])))
        case "acknowledged":
            return Acknowledged(header["batch"])
        case "owns":
            return Owns(header["count"], _places(header))
        case "gap":
            return Gap(_places(header))
        case other:
            raise ValueError(f"unknown type {other}")


def _places(header: dict[str, Any]) -> dict[int, Place]:
    return {int(p): Place(place["at"], place["covers"]) for p, place in header["partitions"].items()}


def _stretches(partitions: dict[str, dict[str, int]]) -> Iterator[Stretch]:
    for partition, told in partitions.items():
        yield Stretch(int(partition), told["after"], told["upTo"], told["covers"])


def _text(header: dict[str, Any]) -> str:
    return orjson.dumps(header).decode()
