"""What counts as a well-formed user id, text, time or number, once, for every service.

`Wire` is the base of everything Parley writes and of everything clients send: frozen, camelCase,
unknown fields refused. Python makes them by the fields' names; whoever reads a wire passes `by_name=False`,
so that it has only one spelling, and readers of Kafka `extra="ignore"` besides (see `codec`).
"""

import operator
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Annotated, Any, NamedTuple, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, core_schema

from shared.contract.white_space import CODE_POINTS

MAX_TEXT = 8_000
MAX_MEMBERS = 1_024
MAX_SEQ = 2**53 - 1  # the largest integer that every JSON reader keeps whole
MAX_LISTED_MEMBERS = 100  # how many members a conversation names; `memberCount` says how many there are
MAX_SYNC_PAGE_BYTES = 60_000  # of frames, as JSON, that one page of what was missed may have
MAX_PAGE_BYTES = 512 * 1024  # of items, as JSON, that one page of history or of conversations may have
MAX_READ_RECEIPT_MEMBERS = 32  # above this, reads are told to the reader alone and `isRead` stays false


class PatternRule(NamedTuple):
    """A pattern (of Rust's `regex`) that a string must match, and what is said otherwise. It is looked at as
    lengths are, without a call back into Python, of which each message would make a dozen on its way. JSON
    Schema, whose patterns are of another kind, does not show it."""

    pattern: str
    message: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        rule = core_schema.str_schema(pattern=self.pattern)
        told = core_schema.custom_error_schema(rule, "form", custom_error_message=self.message)
        return core_schema.chain_schema([handler(source), told])

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return handler(cast("core_schema.ChainSchema", schema)["steps"][0])


class ErrorText(NamedTuple):
    """What is said of a value that breaks any of the rules before this one, instead of which rule."""

    message: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.custom_error_schema(handler(source), "form", custom_error_message=self.message)


@lru_cache(4_096)  # a message names the same moment several times
def _existing_time(value: str) -> str:
    datetime.fromisoformat(value)
    return value


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`, the one spelling of time on every wire."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _integral(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


is_none = partial(operator.is_, None)

_NO_CONTROLS = PatternRule(r"^[^\x00-\x1f\x7f-\x9f]*$", "must not contain control characters")
_TRIMMED = PatternRule(r"^\S(.*\S)?$", "must not begin or end with white space")
_NO_NUL = PatternRule(r"^[^\x00]*$", "must not contain NUL")
_NOT_BLANK = PatternRule(r"\S", "must contain something besides white space")
# The whole rule (see `white_space`), for what clients make anew. What the first release took, which had
# another one, is still read from the log, and its user ids still authenticate.
_NOT_WHITE_SPACE = "[^" + "".join(f"\\x{{{code_point:x}}}" for code_point in CODE_POINTS) + "]"
_STRICTLY_TRIMMED = PatternRule(f"^{_NOT_WHITE_SPACE}(.*{_NOT_WHITE_SPACE})?$", _TRIMMED.message)
_STRICTLY_NOT_BLANK = PatternRule(_NOT_WHITE_SPACE, _NOT_BLANK.message)

UserId = Annotated[str, Field(min_length=1, max_length=128), _NO_CONTROLS, _TRIMMED]
ClientId = Annotated[str, Field(min_length=1, max_length=128), _NO_CONTROLS, _TRIMMED]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT), _NO_NUL, _NOT_BLANK]
Title = Annotated[str, Field(min_length=1, max_length=128), _NO_NUL, _NOT_BLANK]
NewUserId = Annotated[UserId, _STRICTLY_TRIMMED]
NewClientId = Annotated[ClientId, _STRICTLY_TRIMMED]
NewText = Annotated[Text, _STRICTLY_NOT_BLANK]
Uuid = Annotated[
    str,
    StringConstraints(
        to_lower=True,
        pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    ),
    Field(json_schema_extra={"format": "uuid"}),
    ErrorText("is not a UUID"),
]
Seq = Annotated[int, Field(ge=0, le=MAX_SEQ, strict=True)]
ClientSeq = Annotated[Seq, BeforeValidator(_integral)]
"""A Seq that a client gives: `3001.0` is an integer in JSON Schema."""
Timestamp = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"),
    AfterValidator(_existing_time),
    Field(json_schema_extra={"format": "date-time"}),
]


class WireModel(BaseModel):
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
