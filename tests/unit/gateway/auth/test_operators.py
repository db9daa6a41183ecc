"""Operators' calls need a token with the scope operator."""

import pytest
from starlette.datastructures import Headers

from gateway.auth.credentials import Credentials
from gateway.auth.principal import Principal, Scope
from gateway.auth.scopes import authenticate_operator
from shared.http.problems import Problem


class Scoped:
    def __init__(self, *scopes: Scope) -> None:
        self._principal = Principal("ann", frozenset(scopes))

    async def authenticate(self, _: Credentials) -> Principal:
        return self._principal


@pytest.mark.parametrize("scopes", [(), ("user",), ("service",), ("user", "service")])
async def test_without_the_scope_a_caller_is_no_operator(scopes: tuple[Scope, ...]) -> None:
    with pytest.raises(Problem) as refused:
        await authenticate_operator(Scoped(*scopes), Headers())
    assert refused.value.status == 403


async def test_with_the_scope_it_is() -> None:
    assert (await authenticate_operator(Scoped("operator"), Headers())).user_id == "ann"
