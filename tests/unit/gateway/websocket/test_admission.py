"""Clients are admitted at an even rate; rejected ones get a retry delay of their own."""

import asyncio
import re
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from gateway.limits.leaky_bucket import LeakyBucket
from gateway.websocket.admission import Admission
from gateway.websocket.send_buffer import Close
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway, unique_user


@given(
    st.integers(1, 50),
    st.sampled_from([1.0, 7.0, 200.0]),
    st.lists(st.floats(0, 2), min_size=1, max_size=200),
)
def test_no_second_sees_more_than_the_rate_after_the_burst(
    burst: int, rate: float, pauses: list[float]
) -> None:
    bucket, now, moments = LeakyBucket(rate, burst=burst), 1000.0, []
    for pause in pauses:
        now += pause
        ahead = bucket.delay(now)
        assert bucket.reserve(now) == ahead
        moments.append(now + ahead)
    assert all(later >= earlier for earlier, later in pairwise(moments))
    for first, moment in enumerate(moments):
        within = sum(moment <= other < moment + 1 for other in moments[first:])
        assert within <= burst + rate + 1


def test_the_first_burst_goes_at_once_and_the_rest_is_evenly_apart() -> None:
    bucket = LeakyBucket(10.0, burst=3)
    assert [round(bucket.reserve(0.0), 3) for _ in range(5)] == [0.0, 0.0, 0.0, 0.1, 0.2]
    assert bucket.reserve(100.0) == 0.0


def _delay(close: Close | None) -> int:
    assert close is not None
    found = re.fullmatch(r"afterMs=(\d+)", close.reason)
    assert found is not None
    return int(found[1])


async def test_clients_that_would_wait_too_long_get_delays_of_their_own() -> None:
    admission = Admission(rate=100.0)
    turns = [asyncio.create_task(admission.admit(f"user-{n}")) for n in range(2_000)]
    await asyncio.sleep(0)
    put_off = [turn.result() for turn in turns if turn.done() and turn.result() is not None]
    assert 350 <= len(turns) - len(put_off) <= 450  # a burst, and who waits three seconds
    delays = sorted(_delay(close) for close in put_off)
    assert delays[0] > 3_000
    for tenth in range(3, 15):  # about 100 in each second, whatever chance adds
        within = sum(tenth * 1_000 + 2_000 <= delay < tenth * 1_000 + 3_000 for delay in delays)
        assert 50 <= within <= 150
    for turn in turns:
        turn.cancel()


async def test_one_user_that_dials_and_dials_delays_nobody_else() -> None:
    admission = Admission(rate=10.0)
    for _ in range(50):
        assert await admission.admit("early") is None
    turns = [asyncio.create_task(admission.admit("ana")) for _ in range(1_000)]
    await asyncio.sleep(0)
    assert sum(not turn.done() for turn in turns) == 8
    async with asyncio.timeout(2):
        assert await admission.admit("ben") is None
    for turn in turns:
        turn.cancel()


async def test_who_dials_in_spite_of_all_sends_nobody_else_away_for_longer() -> None:
    admission = Admission(rate=10.0)
    for _ in range(50):
        assert await admission.admit("early") is None
    greedy = [asyncio.create_task(admission.admit("ana")) for _ in range(10_000)]
    others = [asyncio.create_task(admission.admit(f"user-{n}")) for n in range(100)]
    await asyncio.sleep(0)
    put_off = [turn.result() for turn in others if turn.done()]
    assert len(put_off) > 50
    assert max(map(_delay, put_off)) < 3_000 + 1_100 + 10_000
    for turn in (*greedy, *others):
        turn.cancel()


async def test_delays_are_bounded_however_many_connect() -> None:
    admission = Admission(rate=10.0)
    longest = max(_delay(admission.reject_with_retry_after()) for _ in range(10_000))
    assert longest < 125_000


async def test_who_gives_up_waiting_for_its_upgrade_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    async with run_gateway(arrivals_per_second=10) as gateway:
        upgrades = [asyncio.create_task(_gives_up(gateway)) for _ in range(70)]
        await asyncio.gather(*upgrades)
        async with gateway.connected("ana", open_timeout=10):  # after all of these
            pass
        async with asyncio.timeout(10):
            while gateway.notifier.users:
                await asyncio.sleep(0.01)
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


async def _gives_up(gateway: GatewayFixture) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(0.2), gateway.connect(unique_user()):
            pass


async def test_clients_wait_for_their_turn_before_they_are_connected() -> None:
    async with run_gateway(arrivals_per_second=20) as gateway, asyncio.TaskGroup() as tasks:

        async def come(number: int) -> None:
            async with gateway.connected(f"user-{number}"):
                pass

        for number in range(90):
            tasks.create_task(come(number))


async def test_far_too_many_at_once_get_a_retry_delay_and_the_rest_is_served() -> None:
    async with run_gateway(arrivals_per_second=10) as gateway:

        async def come(number: int) -> int | None:
            async with gateway.connect(f"user-{number}") as client:
                frame = asyncio.create_task(client.receive("synced"))
                closed = asyncio.create_task(client.wait_closed())
                await asyncio.wait([frame, closed], return_when=asyncio.FIRST_COMPLETED)
                code = closed.result()[0] if closed.done() else None
                for task in (frame, closed):
                    task.cancel()
                await asyncio.wait([frame, closed])
                return code

        codes = await asyncio.gather(*(come(number) for number in range(150)))
        assert codes.count(None) >= 50 + 29
        assert codes.count(4429) == 150 - codes.count(None) > 0
        async with asyncio.timeout(10):
            while gateway.notifier.users:  # who left is forgotten, whether it was let in or not
                await asyncio.sleep(0.01)


async def test_who_gives_up_waiting_leaves_its_place() -> None:
    admission = Admission(rate=10.0)
    for _ in range(50):
        assert await admission.admit("early") is None
    for _ in range(2):
        turns = [asyncio.create_task(admission.admit("ana")) for _ in range(8)]
        await asyncio.sleep(0)
        assert not any(turn.done() for turn in turns)
        for turn in turns:
            turn.cancel()
        await asyncio.wait(turns)


async def test_a_thousand_reconnects_of_one_user_cost_others_nothing_and_lose_nothing() -> None:
    async with run_gateway(arrivals_per_second=100) as gateway:
        talk = await gateway.start_direct("ana", "ben")
        at = await gateway.current_cursor("ana")
        codes: list[int | None] = []

        async def reconnect() -> None:
            async with gateway.connect("ana", query=f"&cursor={at}", open_timeout=30) as client:
                try:
                    await client.receive("hello")
                except ConnectionClosed:
                    codes.append(client.socket.close_code)
                else:
                    codes.append(None)

        storm = [asyncio.create_task(reconnect()) for _ in range(1_000)]
        await asyncio.sleep(0.05)
        body = {"conversationId": talk, "text": "meanwhile"}
        assert (await gateway.http.post("/messages?meId=ben", json=body, timeout=30)).status_code == 202
        async with gateway.connected("eve", open_timeout=30):  # is let in although ana knocks
            pass
        await asyncio.gather(*storm)
        assert set(codes) == {None, 4429}
        assert len(codes) == 1_000
        async with gateway.connect("ana", query=f"&cursor={at}") as back:
            assert (await back.receive("message"))["text"] == "meanwhile"
