"""One suite over the store as the gateway asks it: its in-memory twin, and HTTP."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import orjson
import pytest
from aiohttp import web

from gateway.store.client import (
    HttpStore,
    MembershipAnswer,
    StoreAway,
    StorePort,
    StoreResponse,
    StoreUnavailable,
    WaitFor,
)
from gateway.testing.in_memory_store import InMemoryStore
from shared.http.problems import Code, InternalCode, Problem
from tests.service_token import SERVICE_TOKEN
from tests.unit.gateway.gateway_fixture import EPOCH, PARTITIONS, STRANGE, House, opened

Handler = Callable[[web.Request], Awaitable[web.Response]]


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[House]:
    async with opened() as house:
        yield house


@pytest.fixture(params=["memory", "http"])
async def store(request: pytest.FixtureRequest, house: House) -> AsyncIterator[StorePort]:
    house.store.away = house.store.busy = False
    house.store.frozen_at = None
    if request.param == "memory":
        yield house.store
    else:
        async with served(house.store) as url, HttpStore(url, SERVICE_TOKEN) as store:
            yield store
    house.store.away = house.store.busy = False
    house.store.frozen_at = None


@pytest.fixture
async def talk(house: House, store: StorePort) -> str:
    """A conversation of Ana and Ben with at least one message."""
    talk = await house.talk("ana", "ben")
    body = {"conversationId": talk, "text": "Grüße & mehr", "clientId": "1"}
    await house.http.post("/messages?meId=ana", json=body)
    return talk


async def test_pages_are_passed_on_as_they_are(house: House, store: StorePort, talk: str) -> None:
    wait_for = WaitFor(f"{EPOCH}-0-0", 0.5)
    assert await store.conversations("ana", limit=5) == await house.store.conversations("ana", limit=5)
    assert (await store.conversation("ben", talk, wait_for=wait_for)).ok
    history = await store.history("ana", talk, limit=1, bounds={"after": 0}, wait_for=wait_for)
    assert orjson.loads(history.body)["items"][0]["text"] == "Grüße & mehr"
    assert not orjson.loads((await store.history("ana", talk, limit=1, bounds={"before": 1})).body)["items"]


async def test_strangers_get_404(store: StorePort, talk: str) -> None:
    for answer in (
        await store.conversation("eve", talk),
        await store.conversation("ana", STRANGE),
        await store.history("eve", talk, limit=1, bounds={}),
    ):
        assert (answer.status, answer.code) == (404, "not_found")


async def test_membership_is_yes_or_no(store: StorePort, talk: str) -> None:
    at = await store.progress()
    assert await store.membership("ana", talk) == MembershipAnswer(True, at)
    assert await store.membership("eve", talk) == MembershipAnswer(False, at)
    assert await store.membership("ana", STRANGE) == MembershipAnswer(False, at)


async def test_an_outcome_is_told_once_the_projection_is_there(
    house: House, store: StorePort, talk: str
) -> None:
    body = {"conversationId": talk, "text": "again", "clientId": "1"}
    sent = await house.http.post("/messages?meId=ana", json=body)
    position = sent.json()["position"]
    outcome = await store.outcome("ana", WaitFor(position, 0.1))
    assert outcome is not None
    assert (outcome.outcome, outcome.reason) == ("duplicate", None)
    assert outcome.message is not None
    assert outcome.message["text"] == "Grüße & mehr"
    house.store.frozen_at = (0,) * PARTITIONS
    assert await store.outcome("ana", WaitFor(position, 0)) is None


async def test_a_projection_that_is_behind_is_an_answer(house: House, store: StorePort, talk: str) -> None:
    house.store.frozen_at = (0,) * PARTITIONS
    answer = await store.history("ana", talk, limit=5, bounds={}, wait_for=WaitFor(f"{EPOCH}-0-0", 0))
    assert answer.is_behind


async def test_progress_names_its_log(house: House, store: StorePort) -> None:
    progress = await store.progress()
    assert (progress.epoch, len(progress.offsets)) == (EPOCH, PARTITIONS)


@pytest.mark.parametrize("how", ["away", "busy"])
async def test_a_store_that_cannot_answer_says_whether_it_is_away_whatever_is_asked(
    house: House, store: StorePort, how: str
) -> None:
    setattr(house.store, how, True)
    wait_for = WaitFor(f"{EPOCH}-0-0", 0)
    for question in (
        store.conversations("ana", limit=5),
        store.conversation("ana", STRANGE),
        store.history("ana", STRANGE, limit=5, bounds={}),
        store.membership("ana", STRANGE),
        store.outcome("ana", wait_for),
        store.progress(),
    ):
        with pytest.raises(StoreUnavailable) as raised:
            await question
        assert isinstance(raised.value, StoreAway) is (how == "away")


async def test_a_refused_connection_is_away() -> None:
    async with HttpStore("http://127.0.0.1:1", SERVICE_TOKEN) as store:
        with pytest.raises(StoreAway):
            await store.membership("ana", STRANGE)


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
                await store.membership("ana", STRANGE)


async def test_an_address_that_is_not_found_is_not_away() -> None:
    """A resolver that is overloaded does not say that the store is gone."""
    async with HttpStore("http://store.invalid", SERVICE_TOKEN) as store:
        with pytest.raises(StoreUnavailable) as raised:
            await store.membership("ana", STRANGE)
    assert not isinstance(raised.value, StoreAway)


async def test_a_wait_for_an_answer_or_for_a_connection_is_not_away() -> None:
    asked = 0

    async def frozen(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        await asyncio.sleep(60)
        return web.Response()

    async with serving({"/membership": frozen}) as url, HttpStore(url, SERVICE_TOKEN) as store:
        outcomes = await asyncio.gather(
            *(store.membership("ana", STRANGE) for _ in range(200)), return_exceptions=True
        )
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
    assert 0 < asked < 200


async def test_who_waits_takes_no_place_of_who_does_not_and_all_are_bounded() -> None:
    waiting = 0

    async def frozen(request: web.Request) -> web.Response:
        nonlocal waiting
        if float(request.query.get("wait", 0)):
            waiting += 1
            await asyncio.sleep(60)
        return web.json_response({"member": True, "epoch": EPOCH, "offsets": [0]})

    wait_for, deadline = WaitFor(f"{EPOCH}-0-0", 10), asyncio.get_running_loop().time() + 30
    async with (
        serving({"/{path:.*}": frozen}) as url,
        HttpStore(url, SERVICE_TOKEN) as store,
        asyncio.TaskGroup() as tasks,
    ):
        outcomes = [tasks.create_task(store.outcome("ana", wait_for)) for _ in range(1_000)]
        reads = [
            tasks.create_task(store.conversations("ana", limit=1, wait_for=wait_for)) for _ in range(200)
        ]
        while waiting < 128 + 128 and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
        assert waiting == 128 + 128
        assert await store.membership("ana", STRANGE)
        assert (await store.history("ana", STRANGE, limit=1, bounds={})).ok
        assert await store.progress()
        for each in (*outcomes, *reads):
            each.cancel()


@asynccontextmanager
async def served(store: InMemoryStore) -> AsyncIterator[str]:
    """The internal wire over an in-memory store."""
    routes = {path: _unless_away(answer) for path, answer in _routes(store).items()}
    async with serving(routes) as url:
        yield url


@asynccontextmanager
async def serving(routes: Mapping[str, Handler]) -> AsyncIterator[str]:
    app = web.Application()
    for path, answer in routes.items():
        app.router.add_get(path, answer)
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
        asked = request.query
        return _passed(await store.conversations(asked["user"], limit=int(asked["limit"])))

    async def conversation(request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        return _passed(await store.conversation(request.query["user"], wanted, wait_for=_until(request)))

    async def history(request: web.Request) -> web.Response:
        asked = request.query
        bounds = {name: int(asked[name]) for name in ("before", "after", "around") if name in asked}
        limit, wait_for = int(asked["limit"]), _until(request)
        found = await store.history(
            asked["user"], asked["conversation"], limit=limit, bounds=bounds, wait_for=wait_for
        )
        return _passed(found)

    async def membership(request: web.Request) -> web.Response:
        member, at = await store.membership(request.query["user"], request.query["conversation"])
        return web.json_response({"member": member, "epoch": at.epoch, "offsets": at.offsets})

    async def outcome(request: web.Request) -> web.Response:
        wait_for = _until(request)
        assert wait_for is not None
        found = await store.outcome(request.query["user"], wait_for)
        if found is None:
            return _problem("projection_behind")
        told = {"outcome": found.outcome, "reason": found.reason, "message": found.message}
        return web.json_response({name: value for name, value in told.items() if value is not None})

    async def progress(_: web.Request) -> web.Response:
        found = await store.progress()
        return web.json_response({"epoch": found.epoch, "offsets": found.offsets})

    return {
        "/conversations": conversations,
        "/conversations/{id}": conversation,
        "/history": history,
        "/membership": membership,
        "/outcome": outcome,
        "/progress": progress,
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


def _until(request: web.Request) -> WaitFor | None:
    if "position" not in request.query:
        return None
    return WaitFor(request.query["position"], float(request.query["wait"]))


def _passed(answer: StoreResponse) -> web.Response:
    return web.Response(body=answer.body, status=answer.status, content_type="application/json")


def _problem(code: Code | InternalCode) -> web.Response:
    response = Problem(code, "").response()
    return web.Response(body=bytes(response.body), status=response.status_code)
