"""The parameters of the calls: read from raw query strings, and described in OpenAPI, by the same models."""

from functools import cache
from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Field, PrivateAttr, model_validator

from gateway.api.examples import CALLER, CONVERSATION
from shared.contract import page_token, position
from shared.contract.cursor import Cursor
from shared.contract.fields import ErrorText, UserId, Uuid, WireModel
from shared.internal import store_api
from shared.internal.store_api import Bound, HistoryBound

Limit = Annotated[store_api.Limit, Field(examples=[50])]


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
        """Raises Problem(cursor_invalid)."""
        self._came_with = store_api.decode_cursor(self.cursor) if self.cursor is not None else None
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
        store_api.single_bound(self.before, self.after, self.around)
        return self

    @property
    def bound(self) -> HistoryBound | None:
        return store_api.single_bound(self.before, self.after, self.around)


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
