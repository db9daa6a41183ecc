"""Operators' calls need a token with the scope operator."""

import pytest
from fastapi.routing import APIRoute
from starlette.datastructures import Headers

from gateway.app import build_operator_calls
from gateway.auth.credentials import Credentials
from gateway.auth.principal import Principal, Scope
from gateway.auth.scopes import authenticate_operator
from shared.http.problems import Problem
from shared.service.admin_app import OPEN_PATHS
from tests.e2e.access_rules import admin_operations
from tests.unit.gateway.gateway_fixture import GatewayFixture


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


async def test_the_access_matrix_names_every_call_of_the_admin_port(gateway: GatewayFixture) -> None:
    calls = build_operator_calls(gateway.components)
    served = {
        (method, route.path)
        for router in calls.routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    served |= {("GET", path) for path in OPEN_PATHS}
    assert {(operation.method, operation.path) for operation in admin_operations()} == served
