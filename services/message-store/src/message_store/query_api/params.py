"""Parameters of a call, from its request."""

from typing import TypeVar

from starlette.requests import Request

from shared.http.problems import Problem
from shared.internal import store_api
from shared.internal.store_api import Params

P = TypeVar("P", bound=Params)


def check_protocol(request: Request) -> None:
    """Raises Problem(protocol_mismatch)."""
    if (mismatch := store_api.mismatch(request.headers)) is not None:
        raise Problem("protocol_mismatch", mismatch)


def parse_params(request: Request, params: type[P]) -> P:
    """Raises Problem: `protocol_mismatch`, `bad_request`, `invalid`."""
    check_protocol(request)
    return params.decode(request.scope["query_string"], request.path_params)
