"""What a principal may do besides acting for itself."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers

from gateway.auth.authenticator import Authenticator
from gateway.auth.credentials import Credentials
from gateway.auth.principal import Principal
from shared.contract.fields import UserId
from shared.http.problems import Problem

_user_id: TypeAdapter[str] = TypeAdapter(UserId)


def act_as(principal: Principal, act_as_fields: Sequence[str], *, is_allowed: bool) -> Principal:
    """Return the principal for which a call is made: the user that `Act-As` names, or the caller. Raises
    Problem: 403 without the scope for that, or where the call does not allow it; 400 and 422 for a bad
    `Act-As`."""
    if not act_as_fields:
        return require_user(principal)
    if not is_allowed:
        raise Problem("forbidden", "this call cannot be made for another user")
    if "service" not in principal.scopes:
        raise Problem("forbidden", "Act-As needs a token with the scope service")
    if len(act_as_fields) > 1:
        raise Problem("bad_request", "Act-As: is repeated")
    try:
        user = _user_id.validate_python(act_as_fields[0].encode("latin-1").decode())
    except (UnicodeError, ValidationError):
        raise Problem("invalid", "Act-As: is not a user id") from None
    return replace(principal, user_id=user, scopes=frozenset({"user"}), name=None)


def require_user(principal: Principal) -> Principal:
    """Return the principal. Raises Problem (403) for a token that is not a user's."""
    if "user" not in principal.scopes:
        raise Problem("forbidden", "this token has no scope user: send Act-As, or the token of a user")
    return principal


async def authenticate_operator(authenticator: Authenticator, headers: Headers) -> Principal:
    """Return the operator who makes a call of the administration port. Raises Problem: 401 without a valid
    token in `Authorization`, 403 without the scope `operator`."""
    credentials = Credentials(authorization=headers.getlist("authorization"))
    principal = await authenticator.authenticate(credentials)
    if "operator" not in principal.scopes:
        raise Problem("forbidden", "this call needs a token with the scope operator")
    return principal
