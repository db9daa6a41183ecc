"""What the gateway asks, read from the query string."""

from typing import Annotated, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from shared.contract import cursor
from shared.contract.cursor import Cursor
from shared.contract.fields import MAX_SEQ, UserId, Uuid
from shared.http.problems import Problem

Limit = Annotated[int, Field(ge=1, le=100)]
Bound = Annotated[int, Field(ge=0, le=MAX_SEQ)]


class Asked(BaseModel):
    """What every call takes."""

    model_config = ConfigDict(frozen=True)

    user: UserId
    position: Annotated[str, Field(max_length=64)] | None = None
    wait: Annotated[float, Field(ge=0, le=10)] = 0


class AskedOf(Asked):
    conversation: Uuid


class AskedConversations(Asked):
    limit: Limit = 50
    page: str | None = None


class AskedHistory(AskedOf):
    limit: Limit = 50
    before: Bound | None = None
    after: Bound | None = None
    around: Bound | None = None

    @property
    def bound(self) -> tuple[str, int] | None:
        """Which, and where. Raises Problem(invalid) when there are several."""
        bounds = (("before", self.before), ("after", self.after), ("around", self.around))
        given = [(kind, seq) for kind, seq in bounds if seq is not None]
        if len(given) > 1:
            raise Problem("invalid", "before, after, around: at most one of them")
        return given[0] if given else None


class AskedSync(Asked):
    cursor: str | None = None
    limit: Limit = 50

    def came_with(self) -> Cursor | None:
        """Raises Problem when the cursor is none, or another user's."""
        if self.cursor is None:
            return None
        try:
            came_with = cursor.decode(self.cursor)
        except cursor.InvalidCursor as error:
            raise Problem("cursor_invalid", f"the cursor {error}") from None
        if not came_with.belongs_to(self.user):
            raise Problem("cursor_unusable", "the cursor is another user's")
        return came_with


class AskedOutcome(Asked):
    position: Annotated[str, Field(max_length=64)]


A = TypeVar("A", bound=Asked)


def asked(request: Request, model: type[A]) -> A:
    """Raises Problem(invalid)."""
    fields = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    try:
        return model.model_validate({**dict(fields), **request.path_params})
    except ValidationError as error:
        first = error.errors()[0]
        raise Problem("invalid", f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
