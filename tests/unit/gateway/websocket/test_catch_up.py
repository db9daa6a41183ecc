"""Which connections read missed entries, while the store is away or behind."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import orjson

from gateway.commands.event_producer import EventProducer
from gateway.limits.user_slots import UserSlots
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.store.client import StorePort, StoreResponse, StoreUnavailable
from gateway.websocket import close_codes
from gateway.websocket.catch_up import MAX_CONCURRENT, CatchUp
from gateway.websocket.connection import ClientConnection
from gateway.websocket.send_buffer import Close, SendBuffer
from shared.contract import cursor
from shared.http.websocket_connection import text_frame
from shared.internal.link_protocol import LinkEntry
from shared.internal.store_api import ProjectionOffsets
from tests.fixtures.recording_connection import RecordingConnection
from tests.unit.gateway.gateway_fixture import EPOCH, GatewayFixture


class Store:
    """Away, or ahead of nobody called `late…`."""

    away = False

    def __init__(self) -> None:
        self.users: list[str] = []
        self.answers = asyncio.Event()
        self.answers.set()

    async def sync(self, user: str, at: str, **_: object) -> StoreResponse:
        self.users.append(user)
        if self.away:
            raise StoreUnavailable
        await self.answers.wait()
        if user.startswith("late"):
            return StoreResponse(503, b'{"code":"projection_behind"}')
        return StoreResponse(200, b'{"entries":[],"cursor":"%s","hasMore":false}' % at.encode())


class Emptied(Store):
    """Its read models are being made anew."""

    at = (5,)

    async def sync(self, user: str, at: str, **_: object) -> StoreResponse:
        self.users.append(user)
        reached = cursor.encode(EPOCH, user, self.at)
        return StoreResponse(200, b'{"entries":[],"cursor":"%s","hasMore":false}' % reached.encode())


class Log:
    async def ends(self) -> dict[int, int]:
        return {0: 9}


@asynccontextmanager
async def catching_up(store: Store, *users: str) -> AsyncIterator[dict[str, asyncio.Task[None]]]:
    catch_up = CatchUp(cast("StorePort", store), cast("EventProducer", Log()))
    tasks = {user: asyncio.create_task(catch_up.replay_missed(behind(user))) for user in users}
    for _ in range(100):
        await asyncio.sleep(0)
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.wait(tasks.values())


def behind(
    user: str,
    line: RecordingConnection | None = None,
    *,
    frames: int = 10,
    at: tuple[int, ...] = (5,),
    tracker: OffsetTracker | None = None,
) -> ClientConnection:
    socket = ClientConnection(
        user, SendBuffer(line or RecordingConnection(), frames, 1_000 * frames), tracker or OffsetTracker()
    )
    socket.subscribed()
    socket.set_start(ProjectionOffsets(EPOCH, at))
    socket.mark_lagging()
    socket.hello_sent()
    return socket


async def test_while_the_store_is_away_only_a_few_ask_again() -> None:
    store = Store()
    store.away = True
    async with catching_up(store, *(f"user-{n}" for n in range(10 * MAX_CONCURRENT))) as tasks:
        assert len(store.users) == MAX_CONCURRENT
        store.away = False
        async with asyncio.timeout(5):
            await asyncio.gather(*tasks.values())


async def test_who_waits_for_the_projection_keeps_nobody_from_reading() -> None:
    async with catching_up(Store(), *(f"late-{n}" for n in range(MAX_CONCURRENT)), "ana") as tasks:
        assert tasks["ana"].done()
        assert not any(task.done() for user, task in tasks.items() if user != "ana")


def entry(covers: int) -> LinkEntry:
    return LinkEntry(0, 0, 1, covers, "chat.message.sent.v1", "", ["ana"], text_frame(b"%d" % covers))


async def begun(
    store: Store, line: RecordingConnection | None = None
) -> tuple[ClientConnection, asyncio.Task[None]]:
    socket = behind("ana", line)
    reading = asyncio.create_task(
        CatchUp(cast("StorePort", store), cast("EventProducer", Log())).replay_missed(socket)
    )
    while not store.users:
        await asyncio.sleep(0)
    return socket, reading


async def test_entries_delivered_while_the_last_page_is_read_follow_it() -> None:
    store, line = Store(), RecordingConnection()
    store.answers.clear()
    socket, reading = await begun(store, line)
    for covers in (5, 6):
        socket.deliver(entry(covers))
    store.answers.set()
    await reading
    socket.go_live()
    assert line.written == ["6"]


async def test_a_store_behind_the_notifiers_is_queried_until_it_is_not() -> None:
    """Else the socket would go on from there, and its cursor cover what it never showed."""
    tracker = OffsetTracker()
    tracker.assign(0, 0, 9)
    store, socket = Emptied(), behind("ana", tracker=tracker)
    reading = asyncio.create_task(
        CatchUp(cast("StorePort", store), cast("EventProducer", Log())).replay_missed(socket)
    )
    while len(store.users) < 2:
        await asyncio.sleep(0.01)
    assert cursor.decode(socket.cursor() or "").offsets == (5,)
    assert not reading.done()
    store.at = (9,)
    async with asyncio.timeout(5):
        await reading
    assert cursor.decode(socket.cursor() or "").offsets == (9,)


async def test_what_is_left_out_while_the_last_page_is_read_is_still_to_be_read() -> None:
    store = Store()
    store.answers.clear()
    socket, reading = await begun(store)
    socket.mark_lagging()
    store.answers.set()
    await reading
    assert socket.needs_resync


async def test_nothing_is_held_back_for_a_store_that_is_away() -> None:
    store = Store()
    store.away = True
    socket, reading = await begun(store)
    for covers in range(6, 100):
        socket.deliver(entry(covers))
    assert not socket.send_buffer.closed
    reading.cancel()
    await asyncio.wait([reading])


async def test_as_long_as_the_client_does_not_read_the_cursor_covers_what_was_put_and_no_less(
    own_gateway: GatewayFixture,
) -> None:
    """A heartbeat may come at any moment, also in a page of very long messages."""
    talk = await own_gateway.start_direct("ana", "ben")
    for n in range(110):
        await own_gateway.send_message("ben", talk, ("🌊" if n == 0 else "a") + "a" * 7_999)
    socket = behind("ana", line := RecordingConnection(is_writable=False), frames=1_000, at=(1,) * 4)
    catching_up = CatchUp(own_gateway.store, own_gateway.components.producer)
    reading = asyncio.create_task(catching_up.replay_missed(socket))
    while socket.send_buffer.below_low_water:
        await asyncio.sleep(0)
    cursor_text = socket.cursor()
    reading.cancel()
    await asyncio.wait([reading])
    line.is_writable = True
    socket.send_buffer.flush()
    frames = [orjson.loads(text) for text in line.written if isinstance(text, str)]
    *_, last = [frame for frame in frames if frame["type"] == "message"]
    assert cursor.decode(cursor_text or "").offsets[own_gateway.partition_of(talk)] == last["version"] + 1


class Endless(Store):
    """Something always comes after what was shown."""

    async def sync(self, user: str, at: str, **_: object) -> StoreResponse:
        self.users.append(user)
        await asyncio.sleep(0)
        return StoreResponse(200, b'{"entries":[],"cursor":"%s","hasMore":true}' % at.encode())


async def test_one_users_sockets_read_two_pages_at_a_time_and_leave_the_others_to_others() -> None:
    store = Store()
    store.answers.clear()
    catch_up = CatchUp(cast("StorePort", store), cast("EventProducer", Log()), UserSlots(2))
    users = [*["ana"] * 50, "ben"]
    tasks = [asyncio.create_task(catch_up.replay_missed(behind(user))) for user in users]
    for _ in range(100):
        await asyncio.sleep(0)
    assert Counter(store.users) == {"ana": 2, "ben": 1}
    store.answers.set()
    await asyncio.gather(*tasks)
    assert Counter(store.users) == {"ana": 50, "ben": 1}


async def test_once_a_socket_is_closed_nothing_more_is_read_for_it() -> None:
    store = Endless()
    socket, reading = await begun(store)
    socket.close(Close(close_codes.TOO_SLOW))
    async with asyncio.timeout(5):
        await reading
    assert len(store.users) <= 2


async def test_one_whose_page_cannot_be_read_asks_more_and_more_seldom() -> None:
    store = Store()
    store.away = True
    _, reading = await begun(store)
    await asyncio.sleep(3)
    assert 2 <= len(store.users) <= 4
    reading.cancel()
    await asyncio.wait([reading])
