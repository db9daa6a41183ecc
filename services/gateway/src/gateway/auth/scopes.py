"""What a principal may do besides acting for itself."""

from starlette.datastructures import Headers

from gateway.auth.authenticator import Authenticator
from gateway.auth.credentials import Credentials
from gateway.auth.principal import Principal
from shared.http.problems import Problem


async def authenticate_operator(authenticator: Authenticator, headers: Headers) -> Principal:
    """Return the operator who makes a call of the administration port. Raises Problem: 401 without a valid
    token in `Authorization`, 403 without the scope `operator`."""
    credentials = Credentials(authorization=headers.getlist("authorization"))
    principal = await authenticator.authenticate(credentials)
    if "operator" not in principal.scopes:
        raise Problem("forbidden", "this call needs a token with the scope operator")
    return principal
