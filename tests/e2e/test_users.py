"""Tickets and revocations over two gateways, two notifiers and everything behind them."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from functools import partial
from urllib.parse import quote

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from deploy.local.stack.state import Stack
from tests.conftest import StartStack
from tests.e2e import client
from tests.fixtures.issuer import Issuer
from tests.fixtures.platform import away

CLOSE_TIMEOUT_SECONDS = 20
"""Of tests that are about something else: the machine may be busy."""
MAX_REVOCATION_SECONDS = 5.0
"""From the answer of POST /revoke until every gateway refuses the user (docs/authentication.md)."""
_TICK_SECONDS = 0.02


@pytest.fixture(scope="module")
def pair(start_stack: StartStack) -> Stack:
    return start_stack(gateways=2, notifiers=2)


async def revoke(stack: Stack, user: str) -> None:
    headers = {"Authorization": "Bearer operator"}
    async with client.http(stack.admin["gateway"]) as http:
        response = await http.post("/revoke", json={"userId": user}, headers=headers)
    assert response.status_code == 202, response.text


async def ticket_for(gateway: str, user: str) -> str:
    async with client.http(gateway) as http:
        response = await http.post("/messages/ws-tickets", params={"meId": user})
        assert response.status_code == 200, response.text
        return str(response.json()["ticket"])


async def is_let_in(gateway: str, ticket: str) -> bool:
    async with connect(f"{gateway.replace('http', 'ws', 1)}/ws?token={quote(ticket)}") as socket:
        try:
            return '"hello"' in str(await socket.recv())
        except ConnectionClosed:
            pass
    assert socket.close_code == 4401
    return False


async def test_a_ticket_of_one_gateway_opens_a_socket_at_another(pair: Stack) -> None:
    ticket = await ticket_for(pair.gateways[0], "ann")
    async with client.socket(pair.gateways[1], ticket) as socket:
        await socket.expect(type="hello", userId="ann")
    for gateway in pair.gateways:
        assert not await is_let_in(gateway, ticket)


async def test_of_sockets_that_use_a_ticket_at_once_at_two_gateways_exactly_one_is_let_in(
    pair: Stack,
) -> None:
    for _ in range(5):
        ticket = await ticket_for(pair.gateways[0], "ann")
        outcomes = await asyncio.gather(*(is_let_in(gateway, ticket) for gateway in pair.gateways * 3))
        assert sorted(outcomes) == [False] * 5 + [True]


async def test_a_revocation_closes_the_users_sockets_at_every_gateway(pair: Stack) -> None:
    async with AsyncExitStack() as sockets:
        of_ann = [await sockets.enter_async_context(client.socket(url, "ann")) for url in pair.gateways]
        of_bob = [await sockets.enter_async_context(client.socket(url, "bob")) for url in pair.gateways]
        await revoke(pair, "ann")
        closes = await asyncio.gather(*(socket.close_code(CLOSE_TIMEOUT_SECONDS) for socket in of_ann))
        assert closes == [4401, 4401]
        for socket in of_bob:
            await socket.send(type="message", conversationId="x", text="still here")
            await socket.expect(type="error")
        assert [frame for socket in of_bob for frame in socket.frames if "revoked" in str(frame)] == []


async def test_a_revocation_closes_sockets_while_no_notifier_runs(pair: Stack) -> None:
    async with AsyncExitStack() as sockets:
        of_ann = [await sockets.enter_async_context(client.socket(url, "ann")) for url in pair.gateways]
        with away(pair, "notifier"), away(pair, "notifier-2"):
            await revoke(pair, "ann")
            closes = await asyncio.gather(*(socket.close_code(CLOSE_TIMEOUT_SECONDS) for socket in of_ann))
        assert closes == [4401, 4401]


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="module")
def with_tokens(start_stack: StartStack, issuer: Issuer) -> Stack:
    """Gateways that take access tokens of the issuer."""
    settings = {**issuer.settings, "jwt_keys": issuer.keys[0].pem().decode()}
    env = {
        name.upper(): ",".join(value) if isinstance(value, list) else str(value)
        for name, value in settings.items()
    }
    return start_stack(gateways=2, notifiers=2, env=env)


async def statuses_until(gateway: str, token: Callable[[], str], status: int) -> set[int]:
    """Call until the answer has this status; return every status on the way. 0: no connection."""
    statuses: set[int] = set()
    async with asyncio.timeout(60), httpx.AsyncClient(base_url=gateway) as http:
        while status not in statuses:
            try:
                headers = {"Authorization": f"Bearer {token()}"}
                response = await http.get("/messages/conversations", headers=headers)
            except httpx.TransportError:
                statuses.add(0)
            else:
                statuses.add(response.status_code)
            await asyncio.sleep(0.05)
    return statuses - {status}


async def test_a_revoked_token_is_refused_everywhere_also_after_a_restart(
    with_tokens: Stack, issuer: Issuer
) -> None:
    first = issuer.token("ann", iat=int(time.time()) - 60)

    def old() -> str:
        return first

    def new() -> str:
        return issuer.token("ann")

    for gateway in with_tokens.gateways:
        assert await statuses_until(gateway, old, 200) <= {0, 503}
    operator = {"Authorization": f"Bearer {issuer.token('ops', scope='operator')}"}
    async with client.http(with_tokens.admin["gateway"]) as http:
        as_user = {"Authorization": f"Bearer {issuer.token('ann')}"}
        assert (await http.post("/revoke", json={"userId": "bob"}, headers=as_user)).status_code == 403
        assert (await http.post("/revoke", json={"userId": "ann"}, headers=operator)).status_code == 202
    for gateway in with_tokens.gateways:
        assert await statuses_until(gateway, old, 401) <= {200}
    for gateway in with_tokens.gateways:
        assert await statuses_until(gateway, new, 200) <= {401}  # tokens have whole seconds
    with away(with_tokens, "gateway-2"):
        pass
    assert await statuses_until(with_tokens.gateways[1], old, 401) <= {0, 503}
    assert await statuses_until(with_tokens.gateways[1], new, 200) <= {503}


class Stopwatch:
    """Measures seconds, and for how many of them this machine had processes wait that had something to do: on
    one with more work than processors it would measure that."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.stalled = 0.0

    async def run(self, servers: Sequence[str]) -> None:
        """Add up by how much probes of these servers are late, until cancelled."""
        async with AsyncExitStack() as stack:
            probes = [await stack.enter_async_context(client.http(server)) for server in servers]
            while True:
                before = time.monotonic()
                with suppress(httpx.TransportError):
                    calls = [probe.get("/healthz") for probe in probes]
                    await asyncio.gather(*calls, asyncio.sleep(_TICK_SECONDS))
                self.stalled += max(0.0, time.monotonic() - before - 2 * _TICK_SECONDS)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began


@asynccontextmanager
async def running_stopwatch(stack: Stack) -> AsyncIterator[Stopwatch]:
    stopwatch = Stopwatch()
    task = asyncio.create_task(stopwatch.run([*stack.gateways, stack.store]))
    try:
        yield stopwatch
    finally:
        task.cancel()


@contextmanager
def frozen(stack: Stack, name: str) -> Iterator[None]:
    """Stop one process of a stack within the block: its connections stay."""
    process = stack.reload().process(name)
    process.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.signal(signal.SIGCONT)


def working(_: Stack, __: str) -> AbstractContextManager[None]:
    return nullcontext()


async def _refuses_after(gateway: str, tokens: Sequence[str], stopwatch: Stopwatch) -> float:
    """Return when the gateway refuses calls with any of the tokens."""
    for token in tokens:
        await statuses_until(gateway, partial(str, token), 401)
    return stopwatch.seconds


async def _closed_after(socket: client.Socket, stopwatch: Stopwatch) -> float:
    assert await socket.close_code(CLOSE_TIMEOUT_SECONDS) == 4401
    return stopwatch.seconds


@pytest.mark.parametrize(
    "fault", [working, away, frozen], ids=["no fault", "a killed notifier", "a frozen one"]
)
async def test_every_gateway_refuses_a_revoked_user_within_five_seconds(
    with_tokens: Stack, issuer: Issuer, fault: Callable[[Stack, str], AbstractContextManager[None]]
) -> None:
    """Of six users, so that the partitions of some are those of the notifier that fails."""
    tokens = [
        issuer.token(f"{fault.__name__}-{number}", iat=int(time.time()) - 60, exp=int(time.time()) + 600)
        for number in range(6)
    ]
    for gateway in with_tokens.gateways:
        await statuses_until(gateway, lambda: tokens[0], 200)
    operator = {"Authorization": f"Bearer {issuer.token('ops', scope='operator')}"}
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(
                client.socket(gateway, None, headers={"Authorization": f"Bearer {token}"})
            )
            for gateway in with_tokens.gateways
            for token in tokens
        ]
        http = await stack.enter_async_context(client.http(with_tokens.admin["gateway"]))
        stack.enter_context(fault(with_tokens, "notifier"))
        revocations = [
            http.post("/revoke", json={"userId": f"{fault.__name__}-{number}"}, headers=operator)
            for number in range(len(tokens))
        ]
        answers = await asyncio.gather(*revocations)
        assert {answer.status_code for answer in answers} == {202}
        stopwatch = await stack.enter_async_context(running_stopwatch(with_tokens))
        calls = [_refuses_after(gateway, tokens, stopwatch) for gateway in with_tokens.gateways]
        seconds = await asyncio.gather(*calls, *(_closed_after(socket, stopwatch) for socket in sockets))
    # A stall may cost a load of the revocations, and then delay its repetition.
    assert max(seconds) <= MAX_REVOCATION_SECONDS + 2 * stopwatch.stalled, (seconds, stopwatch.stalled)
