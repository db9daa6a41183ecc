"""What counts as a valid user id, text, time or number, once for all services.

`WireModel` is the base of everything Parley writes and of everything clients send: frozen, camelCase,
unknown fields refused. Python code constructs models by field name. Decoders pass `by_name=False`, so that
the wire has one spelling; decoders of Kafka records also pass `extra="ignore"` (see `codec`).
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
MAX_LISTED_MEMBERS = 100  # in `members`; `memberCount` is the full number
MAX_SYNC_PAGE_BYTES = 60_000  # of frames, as JSON, in one page of `sync`
MAX_PAGE_BYTES = 512 * 1024  # of items, as JSON, in one page of history or conversations
MAX_READ_RECEIPT_MEMBERS = 32  # in larger groups a `read` goes to the reader alone, `isRead` stays false


class PatternRule(NamedTuple):
    """A pattern (Rust's `regex` syntax) that a string must match, and the error message when it does not.
    pydantic-core checks it without calling Python; each message passes a dozen such checks. JSON Schema does
    not show it: its patterns have another syntax."""

    pattern: str
    message: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        rule = core_schema.str_schema(pattern=self.pattern)
        checked = core_schema.custom_error_schema(rule, "form", custom_error_message=self.message)
        return core_schema.chain_schema([handler(source), checked])

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return handler(cast("core_schema.ChainSchema", schema)["steps"][0])


class ErrorText(NamedTuple):
    """One error message for all preceding constraints."""

    message: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.custom_error_schema(handler(source), "form", custom_error_message=self.message)


@lru_cache(4_096)  # a message contains the same time several times
def _existing_time(value: str) -> str:
    datetime.fromisoformat(value)
    return value


def timestamp(moment: datetime) -> str:
    """Format as RFC 3339 in UTC with milliseconds and `Z`, the only form on every wire."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _integral(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


is_none = partial(operator.is_, None)

_NO_CONTROLS = PatternRule(r"^[^\x00-\x1f\x7f-\x9f]*$", "must not contain control characters")
_TRIMMED = PatternRule(r"^\S(.*\S)?$", "must not begin or end with white space")
_NO_NUL = PatternRule(r"^[^\x00]*$", "must not contain NUL")
_NOT_BLANK = PatternRule(r"\S", "must contain something besides white space")
# The full rule (see `white_space`) binds what clients create. Values that the first release accepted by its
# weaker rule are still read from the log, and its user ids still authenticate.
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
"""A Seq sent by a client: `3001.0` is an integer in JSON Schema."""
Timestamp = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"),
    AfterValidator(_existing_time),
    Field(json_schema_extra={"format": "date-time"}),
]


class WireModel(BaseModel):
    """A JSON object of ours: frozen, camelCase on the wire, no unknown fields."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )
