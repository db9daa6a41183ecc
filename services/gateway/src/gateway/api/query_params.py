"""The query parameters of the calls: validated, and described in OpenAPI, by the same models."""

from functools import cache
from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Field, PrivateAttr, model_validator

from gateway.examples import CALLER, CONVERSATION
from shared.contract import page_token, position
from shared.contract.cursor import Cursor
from shared.contract.fields import ErrorText, UserId, Uuid, WireModel
from shared.internal import store_api
from shared.internal.store_api import Bound, HistoryBound

Limit = Annotated[store_api.Limit, Field(examples=[50])]


def _validate_page_token(text: str) -> str:
    page_token.decode(text)
    return text


PageToken = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_-]{1,600}$"),
    AfterValidator(_validate_page_token),
    ErrorText("is not a nextPage"),
]
Position = Annotated[str, Field(pattern=position.PATTERN), ErrorText("is not the `position` of an answer")]


class QueryParams(WireModel):
    model_config = ConfigDict(extra="ignore")

    me_id: UserId | None = Field(default=None, examples=[CALLER])
    """The caller. Required without a token; with one, both must agree."""

    @classmethod
    @cache
    def names(cls) -> tuple[tuple[str, bool], ...]:
        """The names on the wire, each with whether it is required."""
        return tuple((field.alias or name, field.is_required()) for name, field in cls.model_fields.items())

    @classmethod
    def openapi_parameters(cls) -> list[dict[str, Any]]:
        """Describe the parameters for OpenAPI."""
        schema = cls.model_json_schema()
        return [
            {
                "name": name,
                "in": "query",
                "required": required,
                **_openapi_parameter(schema["properties"][name]),
            }
            for name, required in cls.names()
        ]


class ConversationsParams(QueryParams):
    limit: Limit = 50
    page: PageToken | None = None
    """`nextPage` of the page before."""
    position: Position | None = None
    """Answer only once the read models have this `position`; 503 after two seconds."""


class SyncParams(QueryParams):
    cursor: str | None = None
    """Answer the frames after it. Without one: none, and the present cursor."""
    limit: Limit = 50
    position: Position | None = None
    """Answer only once the read models have this `position`; 503 after two seconds."""
    _decoded_cursor: Cursor | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _decode_cursor(self) -> Self:
        """Raises Problem: a malformed cursor has a code of its own."""
        self._decoded_cursor = store_api.decode_cursor(self.cursor) if self.cursor is not None else None
        return self

    @property
    def decoded_cursor(self) -> Cursor | None:
        return self._decoded_cursor


class HistoryParams(QueryParams):
    conversation_id: Uuid = Field(examples=[CONVERSATION])
    limit: Limit = 50
    before: Bound | None = None
    """Messages with a smaller `seq`. At most one of the three bounds."""
    after: Bound | None = None
    """Messages with a larger `seq`."""
    around: Bound | None = None
    """Messages around this `seq`."""
    position: Position | None = None
    """Answer only once the read models have this `position`; 503 after two seconds."""

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        store_api.single_bound(self.before, self.after, self.around)
        return self

    @property
    def bound(self) -> HistoryBound | None:
        return store_api.single_bound(self.before, self.after, self.around)


def _openapi_parameter(property_schema: dict[str, Any]) -> dict[str, Any]:
    """Turn a property of a JSON Schema into a parameter of OpenAPI, which keeps the description beside the
    schema."""
    schema = {
        key: value
        for key, value in property_schema.items()
        if key not in ("description", "title", "examples")
    }
    alternatives = [option for option in schema.pop("anyOf", []) if option != {"type": "null"}]
    if schema.get("default", 0) is None:
        del schema["default"]
    parameter: dict[str, Any] = {"schema": schema | (alternatives[0] if alternatives else {})}
    if "description" in property_schema:
        parameter["description"] = property_schema["description"]
    if "examples" in property_schema:
        parameter["example"] = property_schema["examples"][0]
    return parameter
