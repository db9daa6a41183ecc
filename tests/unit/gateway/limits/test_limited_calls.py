"""What a user who calls too often is answered, and that no detour raises a limit."""

import asyncio
import re
import time
from collections import Counter
from typing import Any

import httpx
import pytest

from gateway.limits.settings import LimitSettings
from tests.unit.gateway.api.test_order_of_checks import CALLS
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway
from tests.unit.gateway.rules import ME, ORDER, PEER, Call, Operation, Rule

TIGHT = {
    f"user_{rate}_{part}": 1
    for rate in ("sends", "starts", "reads", "calls")
    for part in ("per_second", "burst")
}


def message(conversation: str, client_id: str = "") -> dict[str, str]:
    body = {"conversationId": conversation, "text": "hello"}
    return body | ({"clientId": client_id} if client_id else {})


async def _operation(gateway: GatewayFixture, name: str) -> Operation:
    document = (await gateway.http.get("/openapi.json")).json()
    return next(
        Operation(method, path, described, document["components"]["schemas"])
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if described["operationId"] == name
    )


@pytest.mark.parametrize("name", CALLS)
async def test_every_call_beyond_the_rate_is_429_after_401_and_before_all_other_rules(name: str) -> None:
    async with run_gateway() as unlimited:
        operation = await _operation(unlimited, name)
    async with run_gateway(**TIGHT) as gateway:
        good = await asyncio.gather(*(operation.call().send(gateway.port) for _ in range(5)))
        assert Counter(answer.status == 429 for answer in good)[True] >= 3
        later, earlier = list[tuple[Rule, Call]](), list[tuple[Rule, Call]]()
        for rule in operation.rules():
            call = operation.call()
            rule.broken(call)
            (later if rule.rank > ORDER.index(401) else earlier).append((rule, call))
        answers = await asyncio.gather(*(call.send(gateway.port) for _, call in later))
        assert Counter(answer.status for answer in answers)[429] >= len(later) - 3
        assert all(answer.code == "too_many" for answer in answers if answer.status == 429)
        for rule, call in earlier:
            assert (await call.send(gateway.port)).status == rule.status, rule.title


async def test_a_refusal_says_when_to_repeat_and_every_answer_what_is_left() -> None:
    async with run_gateway(user_reads_per_second=1, user_reads_burst=3) as gateway:
        url = f"/messages/conversations?meId={ME}"
        answers = await asyncio.gather(*(gateway.http.get(url) for _ in range(8)))
    allowed = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(allowed) >= 3
    assert len(refused) >= 3
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"reads";q=3;w=3'}
    left = [_left(answer) for answer in allowed]
    assert sorted(left, reverse=True)[:3] == [2, 1, 0]
    assert {_left(answer) for answer in refused} == {0}
    assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
    assert {answer.json()["code"] for answer in refused} == {"too_many"}


def _left(answer: httpx.Response) -> int:
    match = re.fullmatch(r'"reads";r=(\d+);t=\d+', answer.headers["RateLimit"])
    assert match is not None, answer.headers["RateLimit"]
    return int(match[1])


async def test_without_limits_no_header_names_one(gateway: GatewayFixture) -> None:
    answer = await gateway.http.get(f"/messages/conversations?meId={ME}")
    assert answer.status_code == 200
    assert not {"RateLimit", "RateLimit-Policy"} & set(answer.headers)


async def test_the_documents_of_every_call_name_the_headers(gateway: GatewayFixture) -> None:
    document = (await gateway.http.get("/openapi.json")).json()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if path.startswith("/messages"):
                responses: dict[str, Any] = operation["responses"]
                assert set(responses["429"]["headers"]) == {"RateLimit", "RateLimit-Policy", "Retry-After"}
                for status, response in responses.items():
                    if status.startswith("2"):
                        assert set(response["headers"]) == {"RateLimit", "RateLimit-Policy"}


async def test_token_me_id_frames_and_more_sockets_spend_one_budget() -> None:
    async with run_gateway(user_sends_per_second=1, user_sends_burst=10) as gateway:
        talk = await gateway.start_direct(ME, PEER)
        token = {"Authorization": f"Bearer {ME}"}
        began, accepted = time.monotonic(), 0
        async with gateway.connected(ME) as one, gateway.connected(ME) as two:
            for number in range(8):
                await one.send(type="message", **message(talk, f"one-{number}"))
                await two.send(type="message", **message(talk, f"two-{number}"))
            for client in (one, two):
                for _ in range(8):
                    frame = await client.receive()
                    while frame["type"] not in ("accepted", "error"):
                        frame = await client.receive()
                    accepted += frame["type"] == "accepted"
            posts = await asyncio.gather(
                *(gateway.http.post("/messages", json=message(talk), headers=token) for _ in range(5)),
                *(gateway.http.post(f"/messages?meId={ME}", json=message(talk)) for _ in range(5)),
            )
            accepted += sum(answer.status_code == 202 for answer in posts)
        elapsed = time.monotonic() - began
        assert 9 <= accepted <= 10 + elapsed + 1
        assert len([event for event in gateway.written_events() if event.actor == ME]) == accepted + 1


async def test_every_gateway_counts_for_itself_so_that_two_let_through_at_most_twice_as_much() -> None:
    limits = {"user_sends_per_second": 1, "user_sends_burst": 10}
    async with run_gateway(**limits) as one, run_gateway(**limits) as two:
        began, accepted = time.monotonic(), 0
        for gateway in (one, two):
            talk = await gateway.start_direct(ME, PEER)
            posts = await asyncio.gather(
                *(gateway.http.post(f"/messages?meId={ME}", json=message(talk)) for _ in range(30))
            )
            accepted += sum(answer.status_code == 202 for answer in posts)
        elapsed = time.monotonic() - began
    assert 18 <= accepted <= 2 * (10 + elapsed + 1)


async def test_what_a_service_does_for_users_counts_on_the_service_and_on_each_of_them() -> None:
    limits = {"user_reads_per_second": 1, "user_reads_burst": 4}
    limits |= {"service_calls_per_second": 1, "service_calls_burst": 6}
    async with run_gateway(**limits) as gateway:

        async def read(service: str, user: str) -> httpx.Response:
            headers = {"Authorization": f"Bearer {service}", "Act-As": user}
            return await gateway.http.get("/messages/conversations", headers=headers)

        began = time.monotonic()
        first = await read("shop", "ann")
        assert first.headers["RateLimit-Policy"] == '"service calls";q=6;w=6, "reads";q=4;w=4'
        assert re.fullmatch(r'"service calls";r=5;t=\d, "reads";r=3;t=\d', first.headers["RateLimit"])
        answers = await asyncio.gather(*(read("shop", f"user-{number}") for number in range(20)))
        elapsed = time.monotonic() - began
        allowed = sum(answer.status_code == 200 for answer in answers)
        assert 5 <= allowed <= 5 + elapsed + 1
        refusals = [answer.json() for answer in answers if answer.status_code == 429]
        assert {problem["detail"] for problem in refusals} == {
            "more than 1 service calls a second; repeat it later"
        }
        assert (await read("desk", "user-0")).status_code == 200  # a service has a budget of its own
        began = time.monotonic()
        answers = await asyncio.gather(*(read(f"service-{number}", "bob") for number in range(10)))
        allowed = sum(answer.status_code == 200 for answer in answers)
        assert 4 <= allowed <= 4 + time.monotonic() - began + 1
        own = await gateway.http.get("/messages/conversations?meId=shop")
        assert own.status_code == 200  # as a user the service has the budget of a user


async def test_other_users_are_not_refused_beside_one_who_is() -> None:
    async with run_gateway(**TIGHT) as gateway:
        flood = [gateway.http.get(f"/messages/conversations?meId={ME}") for _ in range(50)]
        flooding = asyncio.gather(*flood)
        answer = await gateway.http.get("/messages/conversations?meId=polite")
        assert answer.status_code == 200
        assert Counter(answer.status_code for answer in await flooding)[429] >= 40


async def test_a_user_has_so_many_calls_in_progress_and_the_next_is_refused() -> None:
    async with run_gateway(max_user_calls=3) as gateway:
        talk = await gateway.start_direct(ME, PEER)
        gateway.broker.delays = iter([0.5] * 3)
        calls = [gateway.http.post(f"/messages?meId={ME}", json=message(talk)) for _ in range(10)]
        statuses = Counter(answer.status_code for answer in await asyncio.gather(*calls))
        assert statuses == {202: 3, 429: 7}
        answer = await gateway.http.post(f"/messages?meId={ME}", json=message(talk))
        assert answer.status_code == 202


def test_every_limit_is_on_by_default() -> None:
    assert all(value > 0 for value in LimitSettings.model_construct().model_dump().values())
