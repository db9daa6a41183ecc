"""Models to bytes and back.

Writing is strict. Reading is tolerant of unknown fields, so that a newer writer never breaks an older
reader, but an unknown type is an error: the reader that meets one dead-letters it, it never skips in silence.
"""

from collections.abc import Callable

from pydantic import BaseModel, ValidationError

from shared.contract.entries import Entry, entry_adapter
from shared.contract.events import Event, LogOpened, event_adapter

HEADERS = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
"""Of every record that holds a CloudEvent (Kafka protocol binding for CloudEvents 1.0, section 3.3)."""

# Not by the adapters' own method, which adds a quarter to what reading a record takes.
_read_event: Callable[..., Event] = event_adapter.validator.validate_json
_read_entry: Callable[..., Entry] = entry_adapter.validator.validate_json


class DecodeError(ValueError):
    """These bytes are no record that this release knows. The message says why, without quoting content."""


def encode(record: BaseModel) -> bytes:
    """UTF-8 JSON. Absent optional fields are omitted."""
    return record.__pydantic_serializer__.to_json(record)


def decode_event(value: bytes | None) -> Event:
    """Raises Undecodable."""
    try:
        return _read_event(value or b"", extra="ignore", by_name=False)
    except ValidationError as error:
        raise DecodeError(_describe(error)) from None


def decode_entry(value: bytes | None) -> Entry:
    """Raises Undecodable."""
    try:
        return _read_entry(value or b"", extra="ignore", by_name=False)
    except ValidationError as error:
        raise DecodeError(_describe(error)) from None


def _describe(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


def decode_epoch(value: bytes | None) -> str:
    """The epoch that the first record of a partition names. Raises Undecodable when it is no epoch record."""
    opened = decode_event(value)
    if not isinstance(opened, LogOpened):
        raise DecodeError("the log does not begin with chat.log.opened")
    return opened.data.epoch
