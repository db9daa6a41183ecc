"""One suite over the store port: its in-memory twin, and its HTTP client."""

import asyncio
import socket
import struct
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import orjson
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from gateway.store.client import HttpStore, StoreAway, StorePort, StoreResponse, StoreUnavailable, WaitFor
from gateway.testing.in_memory_store import InMemoryStore
from shared.contract.fields import timestamp
from shared.http.problems import Code, InternalCode, Problem
from shared.internal import store_api
from shared.internal.store_api import (
    CallParams,
    ConversationParams,
    ConversationsParams,
    HistoryBound,
    HistoryParams,
    MembershipAnswer,
    MembershipParams,
    OutcomeParams,
    Params,
    ProjectionOffsets,
    RedeemAnswer,
    RedeemParams,
    RevocationsParams,
    SyncPage,
    SyncParams,
)
from tests.fixtures import builders
from tests.fixtures.service_token import SERVICE_TOKEN
from tests.unit.gateway.gateway_fixture import (
    EPOCH,
    PARTITIONS,
    UNKNOWN_CONVERSATION,
    GatewayFixture,
    run_gateway,
)

P = TypeVar("P", bound=Params)
Handler = Callable[[web.Request], Awaitable[web.Response]]


@pytest.fixture(scope="module")
async def gateway() -> AsyncIterator[GatewayFixture]:
    async with run_gateway() as gateway:
        yield gateway


@pytest.fixture(params=["memory", "http"])
async def store(request: pytest.FixtureRequest, gateway: GatewayFixture) -> AsyncIterator[StorePort]:
    gateway.store.away = gateway.store.busy = False
    gateway.store.frozen_at = None
    if request.param == "memory":
        yield gateway.store
    else:
        async with served(gateway.store) as url, HttpStore(url, SERVICE_TOKEN) as store:
            yield store
    gateway.store.away = gateway.store.busy = False
    gateway.store.frozen_at = None


@pytest.fixture
async def talk(gateway: GatewayFixture, store: StorePort) -> str:
    """A conversation of Ana and Ben with at least one message."""
    talk = await gateway.start_direct("ana", "ben")
    body = {"conversationId": talk, "text": "Grüße & mehr", "clientId": "1"}
    await gateway.http.post("/messages?meId=ana", json=body)
    return talk


async def test_pages_are_passed_on_as_they_are(gateway: GatewayFixture, store: StorePort, talk: str) -> None:
    wait_for = WaitFor(f"{EPOCH}-0-0", 0.5)
    assert await store.conversations("ana", limit=5) == await gateway.store.conversations("ana", limit=5)
    assert (await store.conversation("ben", talk, wait_for=wait_for)).ok
    history = await store.history("ana", talk, limit=1, bound=HistoryBound("after", 0), wait_for=wait_for)
    assert orjson.loads(history.body)["items"][0]["text"] == "Grüße & mehr"
    assert not orjson.loads(
        (await store.history("ana", talk, limit=1, bound=HistoryBound("before", 1))).body
    )["items"]


async def test_a_page_of_frames_is_passed_on_as_it_is(
    gateway: GatewayFixture, store: StorePort, talk: str
) -> None:
    cursor = SyncPage.decode((await store.sync("ben", None, limit=5)).body).cursor
    body = {"conversationId": talk, "text": "two\nlines"}
    await gateway.http.post("/messages?meId=ana", json=body)
    response = await store.sync("ben", cursor, limit=5)
    assert response == await gateway.store.sync("ben", cursor, limit=5)
    (frame,) = SyncPage.decode(response.body).frames
    assert orjson.loads(frame)["text"] == "two\nlines"


async def test_strangers_get_404(store: StorePort, talk: str) -> None:
    for answer in (
        await store.conversation("eve", talk),
        await store.conversation("ana", UNKNOWN_CONVERSATION),
        await store.history("eve", talk, limit=1),
    ):
        assert (answer.status, answer.code) == (404, "not_found")


async def test_membership_is_yes_or_no(store: StorePort, talk: str) -> None:
    at = await store.progress()
    assert await store.membership("ana", talk) == MembershipAnswer(True, at)
    assert await store.membership("eve", talk) == MembershipAnswer(False, at)
    assert await store.membership("ana", UNKNOWN_CONVERSATION) == MembershipAnswer(False, at)


async def test_an_outcome_is_answered_once_the_projection_is_there(
    gateway: GatewayFixture, store: StorePort, talk: str
) -> None:
    body = {"conversationId": talk, "text": "again", "clientId": "1"}
    sent = await gateway.http.post("/messages?meId=ana", json=body)
    position = sent.json()["position"]
    outcome = await store.outcome("ana", position, 0.1)
    assert outcome is not None
    assert (outcome.outcome, outcome.reason) == ("duplicate", None)
    assert outcome.message is not None
    assert outcome.message["text"] == "Grüße & mehr"
    gateway.store.frozen_at = (0,) * PARTITIONS
    assert await store.outcome("ana", position, 0) is None


async def test_a_projection_that_is_behind_is_an_answer(
    gateway: GatewayFixture, store: StorePort, talk: str
) -> None:
    gateway.store.frozen_at = (0,) * PARTITIONS
    answer = await store.history("ana", talk, limit=5, wait_for=WaitFor(f"{EPOCH}-0-0", 0))
    assert answer.is_behind


async def test_revocations_come_by_user_the_latest_of_each_page_by_page(
    gateway: GatewayFixture, store: StorePort
) -> None:
    for user in ("dee", "ana", "Zoë", "cat"):
        gateway.write(builders.revoked(user, at="2026-01-01T00:00:00.000Z"))
    gateway.write(builders.revoked("ana", at="2025-01-01T00:00:00.000Z"))
    gateway.write(builders.revoked("eve", at="2025-01-01T00:00:00.000Z"))
    found: dict[str, str] = {}
    has_more, after, pages = True, None, 0
    while has_more:
        page, has_more = await store.revocations("2025-06-01T00:00:00.000Z", after)
        assert list(page) == sorted(page)
        found |= page
        after, pages = list(page)[-1], pages + 1
    assert found == dict.fromkeys(["Zoë", "ana", "cat", "dee"], "2026-01-01T00:00:00.000Z")
    assert pages == 2
    assert (await store.revocations("2026-01-01T00:00:00.001Z", None)) == ({}, False)


async def test_a_ticket_is_redeemed_once(store: StorePort) -> None:
    ticket, soon = str(uuid.uuid4()), timestamp(datetime.now(UTC) + timedelta(seconds=30))
    outcomes = await asyncio.gather(*(store.redeem_ticket(ticket, soon) for _ in range(10)))
    assert sorted(outcomes) == [False] * 9 + [True]
    assert await store.redeem_ticket(str(uuid.uuid4()), soon)


async def test_a_ticket_whose_time_is_long_over_is_not_redeemed(store: StorePort) -> None:
    long_ago = timestamp(datetime.now(UTC) - timedelta(minutes=5))
    assert not await store.redeem_ticket(str(uuid.uuid4()), long_ago)


async def test_progress_names_its_log(gateway: GatewayFixture, store: StorePort) -> None:
    progress = await store.progress()
    assert (progress.epoch, len(progress.offsets)) == (EPOCH, PARTITIONS)


@pytest.mark.parametrize("how", ["away", "busy"])
async def test_a_store_that_cannot_answer_is_away_or_unavailable_for_every_call(
    gateway: GatewayFixture, store: StorePort, how: str
) -> None:
    setattr(gateway.store, how, True)
    position = f"{EPOCH}-0-0"
    for question in (
        store.conversations("ana", limit=5),
        store.conversation("ana", UNKNOWN_CONVERSATION),
        store.history("ana", UNKNOWN_CONVERSATION, limit=5),
        store.membership("ana", UNKNOWN_CONVERSATION),
        store.outcome("ana", position, 0),
        store.progress(),
    ):
        with pytest.raises(StoreUnavailable) as raised:
            await question
        assert isinstance(raised.value, StoreAway) is (how == "away")


@pytest.mark.parametrize("status", [401, 403])
async def test_a_store_with_another_token_is_unavailable(status: int) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return _ok(b"{}", status)

    async with serving({"/membership": refuse}) as url, HttpStore(url, SERVICE_TOKEN) as store:
        with pytest.raises(StoreUnavailable, match="SERVICE_TOKEN"):
            await store.membership("ana", UNKNOWN_CONVERSATION)


@pytest.mark.parametrize("protocol", [None, "0"])
async def test_a_store_with_another_protocol_is_unavailable_and_logged_once(protocol: str | None) -> None:
    async def answer(_: web.Request) -> web.Response:
        headers = {} if protocol is None else {store_api.PROTOCOL_HEADER: protocol}
        return web.Response(body=ProjectionOffsets(EPOCH, (0,)).encode(), headers=headers)

    async with serving({"/progress": answer}) as url, HttpStore(url, SERVICE_TOKEN) as store:
        with capture_logs() as logs:
            for _ in range(2):
                with pytest.raises(StoreUnavailable, match=f"the other end {protocol or 'none'}"):
                    await store.progress()
    assert [entry["event"] for entry in logs] == ["store.refused"]


async def test_a_store_that_refuses_the_protocol_is_unavailable() -> None:
    async def refuse(_: web.Request) -> web.Response:
        return _problem("protocol_mismatch")

    async with serving({"/history": refuse}) as url, HttpStore(url, SERVICE_TOKEN) as store:
        with pytest.raises(StoreUnavailable, match="refused protocol"):
            await store.history("ana", UNKNOWN_CONVERSATION, limit=1)


async def test_a_refused_connection_is_away() -> None:
    async with HttpStore("http://127.0.0.1:1", SERVICE_TOKEN) as store:
        with pytest.raises(StoreAway):
            await store.membership("ana", UNKNOWN_CONVERSATION)


@pytest.mark.parametrize("linger", [True, False], ids=["reset", "closed"])
async def test_a_connection_that_breaks_before_the_answer_is_away(linger: bool) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        if linger:
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with await asyncio.start_server(cut, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with HttpStore(f"http://127.0.0.1:{port}", SERVICE_TOKEN) as store:
            with pytest.raises(StoreAway):
                await store.membership("ana", UNKNOWN_CONVERSATION)


async def test_an_address_that_is_not_found_is_not_away() -> None:
    """An overloaded resolver is no sign that the store is gone."""
    async with HttpStore("http://store.invalid", SERVICE_TOKEN) as store:
        with pytest.raises(StoreUnavailable) as raised:
            await store.membership("ana", UNKNOWN_CONVERSATION)
    assert not isinstance(raised.value, StoreAway)


async def test_a_wait_for_an_answer_or_for_a_connection_is_not_away() -> None:
    calls = 0

    async def frozen(_: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        await asyncio.sleep(60)
        return web.Response()

    async with serving({"/membership": frozen}) as url, HttpStore(url, SERVICE_TOKEN) as store:
        outcomes = await asyncio.gather(
            *(store.membership("ana", UNKNOWN_CONVERSATION) for _ in range(200)), return_exceptions=True
        )
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
    assert 0 < calls < 200


async def test_calls_that_wait_take_no_slot_of_others_and_all_are_bounded() -> None:
    waiting = 0

    async def frozen(request: web.Request) -> web.Response:
        nonlocal waiting
        if float(request.query.get("wait", 0)):
            waiting += 1
            await asyncio.sleep(60)
        return _ok(MembershipAnswer(True, ProjectionOffsets(EPOCH, (0,))).encode())

    position, deadline = f"{EPOCH}-0-0", asyncio.get_running_loop().time() + 30
    async with (
        serving({"/{path:.*}": frozen}) as url,
        HttpStore(url, SERVICE_TOKEN) as store,
        asyncio.TaskGroup() as tasks,
    ):
        outcomes = [tasks.create_task(store.outcome("ana", position, 10)) for _ in range(1_000)]
        reads = [
            tasks.create_task(store.conversations("ana", limit=1, wait_for=WaitFor(position, 10)))
            for _ in range(200)
        ]
        while waiting < 128 + 128 and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
        assert waiting == 128 + 128
        assert await store.membership("ana", UNKNOWN_CONVERSATION)
        assert (await store.history("ana", UNKNOWN_CONVERSATION, limit=1)).ok
        assert await store.progress()
        for task in (*outcomes, *reads):
            task.cancel()


@asynccontextmanager
async def served(store: InMemoryStore) -> AsyncIterator[str]:
    """Serve the store API from an in-memory store."""
    routes = {path: _unless_away(answer) for path, answer in _routes(store).items()}
    async with serving(routes) as url:
        yield url


@asynccontextmanager
async def serving(routes: Mapping[str, Handler]) -> AsyncIterator[str]:
    app = web.Application()
    for path, answer in routes.items():
        app.router.add_route("POST" if path == RedeemParams.path else "GET", path, answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=2_048)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _routes(store: InMemoryStore) -> dict[str, Handler]:
    async def conversations(request: web.Request) -> web.Response:
        params = _params(request, ConversationsParams)
        return _passed_on(await store.conversations(params.user, limit=params.limit))

    async def conversation(request: web.Request) -> web.Response:
        params = _params(request, ConversationParams)
        response = await store.conversation(params.user, params.conversation, wait_for=_wait_for(params))
        return _passed_on(response)

    async def history(request: web.Request) -> web.Response:
        params = _params(request, HistoryParams)
        response = await store.history(
            params.user,
            params.conversation,
            limit=params.limit,
            bound=params.bound,
            wait_for=_wait_for(params),
        )
        return _passed_on(response)

    async def sync(request: web.Request) -> web.Response:
        params = _params(request, SyncParams)
        response = await store.sync(
            params.user, params.cursor, limit=params.limit, wait_for=_wait_for(params)
        )
        return _passed_on(response)

    async def membership(request: web.Request) -> web.Response:
        params = _params(request, MembershipParams)
        return _ok((await store.membership(params.user, params.conversation)).encode())

    async def outcome(request: web.Request) -> web.Response:
        params = _params(request, OutcomeParams)
        outcome = await store.outcome(params.user, params.position, params.wait)
        return _problem("projection_behind") if outcome is None else _ok(outcome.encode())

    async def revocations(request: web.Request) -> web.Response:
        params = _params(request, RevocationsParams)
        return _ok((await store.revocations(params.since, params.after)).encode())

    async def redeem(request: web.Request) -> web.Response:
        params = _params(request, RedeemParams)
        return _ok(RedeemAnswer(await store.redeem_ticket(params.id, params.expires_at)).encode())

    async def progress(_: web.Request) -> web.Response:
        return _ok((await store.progress()).encode())

    return {
        ConversationsParams.path: conversations,
        ConversationParams.path: conversation,
        HistoryParams.path: history,
        SyncParams.path: sync,
        MembershipParams.path: membership,
        OutcomeParams.path: outcome,
        RevocationsParams.path: revocations,
        RedeemParams.path: redeem,
        store_api.PROGRESS_PATH: progress,
    }


def _unless_away(answer: Handler) -> Handler:
    async def answered(request: web.Request) -> web.Response:
        try:
            return await answer(request)
        except StoreAway:
            return _problem("database_away")
        except StoreUnavailable:
            return _problem("busy")

    return answered


def _params(request: web.Request, params: type[P]) -> P:
    assert store_api.mismatch(request.headers) is None
    return params.decode(request.query_string.encode(), request.match_info)


def _wait_for(params: CallParams) -> WaitFor | None:
    return None if params.position is None else WaitFor(params.position, params.wait)


def _passed_on(response: StoreResponse) -> web.Response:
    return _ok(response.body, response.status)


def _ok(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, headers=store_api.HEADERS)


def _problem(code: Code | InternalCode) -> web.Response:
    response = Problem(code, "").response()
    return web.Response(body=bytes(response.body), status=response.status_code)
