"""Authenticates requests. With AUTH=dev a Bearer token is the user id itself; without one `meId` is
trusted."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers

from shared.contract.fields import UserId
from shared.http.problems import Problem

_user_id: TypeAdapter[str] = TypeAdapter(UserId)
TOKEN_FORMAT = "<user id>: 1 to 128 characters, no control characters, no white space around it"  # noqa: S105  # a description


class Caller(NamedTuple):
    token_user: str | None
    """The user that the token proves; None when `meId` alone names the caller."""

    def resolve_user(self, me_id: str | None) -> str:
        """Return the user id. Raises Problem (403) when `meId` names another user than the token."""
        if self.token_user is None:
            if me_id is None:
                raise missing_credentials()
            return me_id
        if me_id is not None and me_id != self.token_user:
            raise Problem("forbidden", "meId is not the authenticated user")
        return self.token_user


def authenticate(headers: Headers, query: Mapping[str, object]) -> Caller:
    """Raises Problem (401) without a token and `meId`, or when `Authorization` is anything but one valid
    Bearer token."""
    authorization = headers.getlist("authorization")
    if not authorization:
        if "meId" not in query:
            raise missing_credentials()
        return Caller(None)
    user = _bearer_user(authorization)
    if user is None:
        raise Problem("unauthenticated", f"Authorization is not Bearer {TOKEN_FORMAT}")
    return Caller(user)


def authenticate_socket(headers: Headers, tokens: Sequence[str]) -> str | None:
    """Return the user that `token` in a socket's URL or its `Authorization` proves; both must agree. None
    when both are missing or one is invalid."""
    authorization = headers.getlist("authorization")
    proven = {_bearer_user(authorization)} if authorization else set()
    if tokens or not authorization:
        proven.add(verify_token(tokens[0]) if len(tokens) == 1 else None)
    return proven.pop() if len(proven) == 1 else None


def _bearer_user(authorization: Sequence[str]) -> str | None:
    """Return the user of `Authorization` (RFC 9110, section 11.6.2; one space or several before the
    token)."""
    scheme, _, token = authorization[0].partition(" ")
    if len(authorization) > 1 or scheme.lower() != "bearer":
        return None
    return verify_token(_decode_utf8(token.strip(" ")))


def verify_token(token: str | None) -> str | None:
    """Return the user that `token` proves; None for an invalid one."""
    try:
        return _user_id.validate_python(token)
    except ValidationError:
        return None


def missing_credentials() -> Problem:
    return Problem(
        "unauthenticated", "missing credentials: send Authorization: Bearer <user id>, or meId=<user id>"
    )


def _decode_utf8(header: str) -> str | None:
    """Header values arrive as Latin-1; clients send UTF-8."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return None
