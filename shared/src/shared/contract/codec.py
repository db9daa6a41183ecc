"""Records to bytes and back.

Encoding is strict. Decoding ignores unknown fields, so that a newer writer never breaks an older reader. An
unknown type raises DecodeError: a reader never skips a record silently.
"""

from collections.abc import Callable

from pydantic import BaseModel, ValidationError

from shared.contract.entries import Entry, entry_adapter
from shared.contract.events import Event, LogOpened, event_adapter

HEADERS = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
"""Headers of every CloudEvent (Kafka protocol binding for CloudEvents 1.0, section 3.3)."""

# The adapters' own method adds a quarter to the time of decoding.
_read_event: Callable[..., Event] = event_adapter.validator.validate_json
_read_entry: Callable[..., Entry] = entry_adapter.validator.validate_json


_QUOTING = {
    "union_tag_invalid": "type: is none that this release knows",
    "uuid_parsing": "is not a UUID",
}
"""What is reported instead of the messages that quote."""


class DecodeError(ValueError):
    """The bytes are not a record that this release knows. The message gives the reason, without content."""


def encode(record: BaseModel) -> bytes:
    """Encode as UTF-8 JSON. A None is written as null, unless the field declares `exclude_if=is_none`."""
    return record.__pydantic_serializer__.to_json(record)


def decode_event(value: bytes | None) -> Event:
    """Decode a record of `chat.events`. Raises DecodeError."""
    try:
        return _read_event(value or b"", extra="ignore", by_name=False)
    except ValidationError as error:
        raise DecodeError(_describe(error)) from None


def decode_entry(value: bytes | None) -> Entry:
    """Decode a record of `chat.messages`. Raises DecodeError."""
    try:
        return _read_entry(value or b"", extra="ignore", by_name=False)
    except ValidationError as error:
        raise DecodeError(_describe(error)) from None


def _describe(error: ValidationError) -> str:
    """Return the first violation, without anything of the record: the messages of two kinds of pydantic's
    errors quote their input."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    violation = _QUOTING.get(first["type"], first["msg"])
    return f"{place}: {violation}" if place else violation


def decode_epoch(value: bytes | None) -> str:
    """Return the epoch that the first record of a partition names. Raises DecodeError for another record."""
    opened = decode_event(value)
    if not isinstance(opened, LogOpened):
        raise DecodeError("the log does not begin with chat.log.opened")
    return opened.data.epoch
