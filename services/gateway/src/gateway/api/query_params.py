"""The parameters of the calls: read from raw query strings, and described in OpenAPI, by the same models."""

import re
from functools import cache
from typing import Annotated, Any, NamedTuple, Self

from pydantic import AfterValidator, ConfigDict, Field, GetCoreSchemaHandler, PrivateAttr, model_validator
from pydantic_core import CoreSchema, core_schema

from gateway.api.examples import CALLER, CONVERSATION
from shared.contract import cursor, page_token, position
from shared.contract.cursor import Cursor
from shared.contract.fields import MAX_SEQ, ErrorText, UserId, Uuid, WireModel
from shared.http.problems import Problem

_digits = re.compile(r"-?[0-9]{1,16}")


class _Whole(NamedTuple):
    """A whole number in decimal digits."""

    low: int
    high: int

    def read(self, value: object) -> object:
        if isinstance(value, str):
            if not _digits.fullmatch(value) or not self.low <= int(value) <= self.high:
                raise ValueError(f"must be a whole number from {self.low} to {self.high}")
            return int(value)
        return value

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        number = core_schema.int_schema(ge=self.low, le=self.high)
        return core_schema.no_info_before_validator_function(self.read, number)


Limit = Annotated[int, _Whole(1, 100), Field(examples=[50])]
Bound = Annotated[int, _Whole(0, MAX_SEQ)]


def _page_token(text: str) -> str:
    page_token.decode(text)
    return text


PageToken = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_-]{1,600}$"),
    AfterValidator(_page_token),
    ErrorText("is not a nextPage"),
]
Position = Annotated[str, Field(pattern=position.PATTERN), ErrorText("is not the `position` of an answer")]


class Query(WireModel):
    model_config = ConfigDict(extra="ignore")

    me_id: UserId | None = Field(default=None, examples=[CALLER])
    """Who calls. Needed where no token says so; where one does, it must agree."""

    @classmethod
    @cache
    def parameters(cls) -> tuple[tuple[str, bool], ...]:
        """Names on the wire, and which of them must be there."""
        return tuple((field.alias or name, field.is_required()) for name, field in cls.model_fields.items())

    @classmethod
    def described(cls) -> list[dict[str, Any]]:
        """For OpenAPI."""
        schema = cls.model_json_schema()
        return [
            {"name": name, "in": "query", "required": required, **_split(schema["properties"][name])}
            for name, required in cls.parameters()
        ]


class ConversationsQuery(Query):
    limit: Limit = 50
    page: PageToken | None = None
    """`nextPage` of the page before."""
    position: Position | None = None
    """Answer only once the read models have this `position`; 503 after two seconds."""


class SyncQuery(Query):
    cursor: str | None = None
    """What came after it. Without one: nothing, and where things stand now."""
    limit: Limit = 50
    position: Position | None = None
    """Answer only once the read models have this `position`; 503 after two seconds."""
    _came_with: Cursor | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _decoded(self) -> Self:
        """Raises Problem: what was never a cursor has a code of its own."""
        try:
            self._came_with = cursor.decode(self.cursor) if self.cursor is not None else None
        except cursor.InvalidCursor as error:
            raise Problem("cursor_invalid", f"the cursor {error}") from None
        return self

    @property
    def came_with(self) -> Cursor | None:
        return self._came_with


class HistoryQuery(Query):
    conversation_id: Uuid = Field(examples=[CONVERSATION])
    limit: Limit = 50
    before: Bound | None = None
    """Messages with a smaller `seq`. At most one of the three bounds."""
    after: Bound | None = None
    """Messages with a larger `seq`."""
    around: Bound | None = None
    """Messages with this `seq` in their middle."""
    position: Position | None = None
    """Answer only once the read models have this `position`; 503 after two seconds."""

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if len(self.bounds) > 1:
            raise ValueError("before, after, around: at most one of them")
        return self

    @property
    def bounds(self) -> dict[str, int]:
        named = {"before": self.before, "after": self.after, "around": self.around}
        return {name: value for name, value in named.items() if value is not None}


def _split(described: dict[str, Any]) -> dict[str, Any]:
    """A property of a JSON Schema as a parameter of OpenAPI: its description stands beside the schema."""
    schema = {
        key: value for key, value in described.items() if key not in ("description", "title", "examples")
    }
    alternatives = [each for each in schema.pop("anyOf", []) if each != {"type": "null"}]
    if schema.get("default", 0) is None:
        del schema["default"]
    parameter: dict[str, Any] = {"schema": schema | (alternatives[0] if alternatives else {})}
    if "description" in described:
        parameter["description"] = described["description"]
    if "examples" in described:
        parameter["example"] = described["examples"][0]
    return parameter
