"""Who calls. With AUTH=dev a Bearer token is the user id itself; where there is none, `meId` is believed."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers

from shared.contract.fields import UserId
from shared.http.problems import Problem

_user_id: TypeAdapter[str] = TypeAdapter(UserId)
TOKEN_FORMAT = "<user id>: 1 to 128 characters, no control characters, no white space around it"


class Caller(NamedTuple):
    """`token` is the identity that was proven, None when `meId` alone names the caller."""

    token_user: str | None

    def resolve_user(self, me_id: str | None) -> str:
        """The user id. Raises Problem (403) when the call is made in another's name."""
        if self.token_user is None:
            if me_id is None:
                raise missing_credentials()
            return me_id
        if me_id is not None and me_id != self.token_user:
            raise Problem("forbidden", "meId is not you")
        return self.token_user


def authenticate(headers: Headers, query: Mapping[str, object]) -> Caller:
    """Raises Problem (401) when neither a token nor `meId` says who calls, or `Authorization` is anything but
    one good Bearer token."""
    given = headers.getlist("authorization")
    if not given:
        if "meId" not in query:
            raise missing_credentials()
        return Caller(None)
    user = _bearer_user(given)
    if user is None:
        raise Problem("unauthenticated", f"Authorization is not Bearer {TOKEN_FORMAT}")
    return Caller(user)


def authenticate_socket(headers: Headers, tokens: Sequence[str]) -> str | None:
    """The user that a socket's `token` in the URL or its `Authorization` proves; both must agree. None when
    neither or one of them is bad."""
    given = headers.getlist("authorization")
    proven = {_bearer_user(given)} if given else set()
    if tokens or not given:
        proven.add(verify_token(tokens[0]) if len(tokens) == 1 else None)
    return proven.pop() if len(proven) == 1 else None


def _bearer_user(given: Sequence[str]) -> str | None:
    """The user of `Authorization` (RFC 9110, section 11.6.2; one space or several before the token)."""
    scheme, _, token = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer":
        return None
    return verify_token(_decode_utf8(token.strip(" ")))


def verify_token(token: str | None) -> str | None:
    """Whom `token` proves; None when it proves nobody."""
    try:
        return _user_id.validate_python(token)
    except ValidationError:
        return None


def missing_credentials() -> Problem:
    return Problem("unauthenticated", "say who you are: Authorization: Bearer <user id>, or meId=<user id>")


def _decode_utf8(header: str) -> str | None:
    """Header values arrive as Latin-1; clients send UTF-8."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return None
