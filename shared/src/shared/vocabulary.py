"""What counts as a well-formed user id, text, time or number, once, for every service.

`Wire` is the base of everything Parley writes and of everything clients send: frozen, camelCase,
unknown fields refused. Python makes them by the fields' names; whoever reads a wire passes `by_name=False`,
so that it has only one spelling, and readers of Kafka `extra="ignore"` besides (see `codec`).
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, core_schema

MAX_TEXT = 8_000
MAX_MEMBERS = 1_024
MAX_SEQ = 2**53 - 1  # the largest integer that every JSON reader keeps whole
SHOWN_MEMBERS = 100  # how many members a conversation names; `memberCount` says how many there are
READ_RECEIPT_MEMBERS = 32  # above this, reads are told to the reader alone and `isRead` stays false

_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_UNFIT_TEXT = re.compile(r"[\x00\ud800-\udfff]")


def _name(value: str) -> str:
    if _UNFIT.search(value):
        raise ValueError("must not contain control characters or lone surrogates")
    if value != value.strip():
        raise ValueError("must not begin or end with white space")
    return value


def _text(value: str) -> str:
    if _UNFIT_TEXT.search(value):
        raise ValueError("must not contain NUL or lone surrogates")
    if not value.strip():
        raise ValueError("must contain something besides white space")
    return value


def _time(value: str) -> str:
    datetime.fromisoformat(value)
    return value


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`, the one spelling of time on every wire."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_none(value: object) -> bool:
    return value is None


class Otherwise(NamedTuple):
    """What is said of a value that breaks any of the rules before this one, instead of which rule."""

    message: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.custom_error_schema(handler(source), "form", custom_error_message=self.message)


UserId = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_name)]
ClientId = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_name)]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT), AfterValidator(_text)]
Title = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_text)]
Uuid = Annotated[
    str,
    StringConstraints(
        to_lower=True,
        pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    ),
    Field(json_schema_extra={"format": "uuid"}),
    Otherwise("is not a UUID"),
]
Seq = Annotated[int, Field(ge=0, le=MAX_SEQ, strict=True)]
Timestamp = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"),
    AfterValidator(_time),
    Field(json_schema_extra={"format": "date-time"}),
]


class Wire(BaseModel):
    """A JSON object of ours: frozen, camelCase on the wire, strict about what it does not know."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )
