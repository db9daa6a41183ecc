"""Who calls. With AUTH=dev a Bearer token is the user id itself; where there is none, `meId` is believed."""

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers

from shared.problems import Problem
from shared.vocabulary import UserId

_user_id: TypeAdapter[str] = TypeAdapter(UserId)
GOOD_TOKEN = "<user id>: 1 to 128 characters, no control characters, no white space around it"


class Caller(NamedTuple):
    """`token` is the identity that was proven, None when `meId` alone names the caller."""

    token: str | None

    def agreed(self, me_id: str | None) -> str:
        """The user id. Raises Problem (403) when the call is made in another's name."""
        if self.token is None:
            if me_id is None:
                raise _nobody()
            return me_id
        if me_id is not None and me_id != self.token:
            raise Problem("forbidden", "meId is not you")
        return self.token


def identify(headers: Headers, query: Mapping[str, object]) -> Caller:
    """Raises Problem (401) when neither a token nor `meId` says who calls, or the token is bad."""
    tokens = [value for value in headers.getlist("authorization") if value.lower().startswith("bearer")]
    if not tokens:
        if "meId" not in query:
            raise _nobody()
        return Caller(None)
    user = user_of(_utf8(tokens[0][len("bearer") :].strip()))
    if user is None or len(tokens) > 1:
        raise Problem("unauthenticated", f"the Bearer token is no {GOOD_TOKEN}")
    return Caller(user)


def user_of(token: str | None) -> str | None:
    """Whom `token` proves; None when it proves nobody."""
    try:
        return _user_id.validate_python(token)
    except ValidationError:
        return None


def _nobody() -> Problem:
    return Problem("unauthenticated", "say who you are: Authorization: Bearer <user id>, or meId=<user id>")


def _utf8(header: str) -> str | None:
    """Header values arrive as Latin-1; clients send UTF-8."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return None
