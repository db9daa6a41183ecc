"""Of two rules that a call breaks, the one that is earlier in the contract's order is answered."""

from collections.abc import AsyncIterator
from itertools import combinations
from typing import Any

import pytest

from gateway.examples import CONVERSATION
from tests.unit.gateway.gateway_fixture import EPOCH, PARTITIONS, GatewayFixture, run_gateway
from tests.unit.gateway.rules import ME, PEER, Call, Operation, Rule

CALLS = [
    *("listConversations", "readHistory", "readSync", "startConversation", "sendMessage", "moveRead"),
    "createWebSocketTicket",
]
WITHOUT_PARAMETERS = "createWebSocketTicket"
"""Needs nothing behind the gateway with AUTH=dev. `auth/test_revoked_tokens` has its 503 with AUTH=jwt."""
FAULTS = {500, 503}
"""Of ours, not of the call."""
LIMITED = {429}
"""Because of calls before it: `test_limited_calls`, `test_address_limits`."""


@pytest.fixture(scope="module")
async def gateway() -> AsyncIterator[GatewayFixture]:
    async with run_gateway() as gateway:
        await gateway.start_direct(ME, PEER)
        yield gateway


@pytest.fixture(scope="module")
async def document(gateway: GatewayFixture) -> dict[str, Any]:
    described: dict[str, Any] = (await gateway.http.get("/openapi.json")).json()
    return described


def _operations(document: dict[str, Any]) -> dict[str, Operation]:
    return {
        described["operationId"]: Operation(method, path, described, document["components"]["schemas"])
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if path.startswith("/messages")
    }


def test_every_call_is_looked_at(document: dict[str, Any]) -> None:
    assert sorted(_operations(document)) == sorted(CALLS)


@pytest.mark.parametrize("name", CALLS)
async def test_every_rule_has_its_problem(
    gateway: GatewayFixture, document: dict[str, Any], name: str
) -> None:
    operation = _operations(document)[name]
    assert (await operation.call().send(gateway.port)).status < 300
    before = len(gateway.written_events())
    wrong = [each for rule in operation.rules() if (each := await _differs(gateway, operation, rule))]
    assert not wrong, "\n".join(wrong)
    assert len(gateway.written_events()) == before


@pytest.mark.parametrize("name", CALLS)
async def test_the_rules_give_every_problem_that_is_documented_and_no_other(
    document: dict[str, Any], name: str
) -> None:
    operation = _operations(document)[name]
    given = {(rule.status, rule.code) for rule in operation.rules()}
    assert given == {problem for problem in operation.problems if problem[0] not in FAULTS | LIMITED}


@pytest.mark.parametrize("name", CALLS)
async def test_of_two_broken_rules_the_earlier_wins(
    gateway: GatewayFixture, document: dict[str, Any], name: str
) -> None:
    operation = _operations(document)[name]
    rules = sorted(operation.rules(), key=lambda rule: rule.rank)
    pairs = [(a, b) for a, b in combinations(rules, 2) if a.rank < b.rank and a.meets(b)]
    assert len(pairs) > (40 if name == WITHOUT_PARAMETERS else 100)
    before = len(gateway.written_events())
    wrong = [each for earlier, later in pairs if (each := await _differs(gateway, operation, earlier, later))]
    assert not wrong, "\n".join(wrong)
    assert len(gateway.written_events()) == before


async def _differs(
    gateway: GatewayFixture, operation: Operation, expected: Rule, *others: Rule
) -> str | None:
    """What was answered, if it is not what `expected` says."""
    call: Call = operation.call()
    for rule in (*others, expected):
        rule.broken(call)
    answer = await call.send(gateway.port)
    if answer.status == expected.status and answer.code == expected.code:
        return None
    rules = " and ".join(f"{rule.title} ({rule.status})" for rule in (expected, *others))
    return f"{rules}: {answer.status} {answer.body.decode()}"


@pytest.mark.parametrize("name", [call for call in CALLS if call != WITHOUT_PARAMETERS])
async def test_the_faults_that_are_documented_are_those_that_are_given(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    operation, given = _operations(document)[name], set()
    async with run_gateway() as gateway:

        async def answer() -> None:
            answer = await operation.call().send(gateway.port)
            if answer.status in FAULTS:
                given.add((answer.status, answer.code))

        if name != "startConversation":
            await gateway.start_direct(ME, PEER)
        gateway.store.frozen_at = (1,) * PARTITIONS
        await answer()
        call = operation.call()
        call.set("position", f"{EPOCH}-{gateway.partition_of(CONVERSATION)}-1")
        behind = await call.send(gateway.port)
        if behind.status in FAULTS:
            given.add((behind.status, behind.code))
        gateway.store.frozen_at, gateway.store.away, gateway.broker.away = None, True, True
        await answer()
        monkeypatch.setattr(type(gateway.store), "_respond", _broken)
        monkeypatch.setattr(type(gateway.components.producer), "append", _broken)
        monkeypatch.setattr(type(gateway.store), "sync", _broken)
        await answer()
    assert given == {problem for problem in operation.problems if problem[0] in FAULTS}


def _broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("nobody expected this")
