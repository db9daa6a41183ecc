"""AUTH=dev: a token is the user id itself; a REST call without a token is its `meId`'s."""

from pydantic import TypeAdapter, ValidationError

from gateway.auth.authenticator import unauthenticated
from gateway.auth.credentials import Credentials
from gateway.auth.principal import Principal, Scope
from shared.contract.fields import UserId

_SCOPES: frozenset[Scope] = frozenset({"user", "service", "operator"})
_user_id: TypeAdapter[str] = TypeAdapter(UserId)


class DevAuthenticator:
    """Trusts every caller, also as a service and as an operator. Several tokens must agree."""

    async def authenticate(self, credentials: Credentials) -> Principal:
        """Return the user that the tokens name, or else the first `meId`: a call with several or with an
        invalid one is refused when its query is validated."""
        tokens = credentials.tokens()
        if tokens:
            return Principal(_user_of(tokens), _SCOPES)
        if credentials.me_ids is None:
            raise unauthenticated()
        return Principal(credentials.me_ids[0] if credentials.me_ids else "", _SCOPES)


def _user_of(tokens: list[str | None]) -> str:
    if len(set(tokens)) > 1:
        raise unauthenticated()
    try:
        return _user_id.validate_python(tokens[0])
    except ValidationError:
        raise unauthenticated() from None
