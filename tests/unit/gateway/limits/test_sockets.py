"""The limits of a user's sockets and frames."""

import asyncio
from contextlib import AsyncExitStack, suppress
from uuid import uuid4

from websockets.exceptions import ConnectionClosed

from gateway.limits.settings import LimitSettings
from tests.unit.gateway.gateway_fixture import UNKNOWN_CONVERSATION, SocketClient, run_gateway
from tests.unit.gateway.rules import ME, PEER

DEFAULTS = LimitSettings.model_construct().model_dump()


def assert_delayed(close: tuple[int | None, str | None], code: int) -> int:
    assert close[0] == code
    assert close[1] is not None
    assert close[1].startswith("afterMs=")
    return int(close[1].removeprefix("afterMs="))


async def test_a_refused_send_is_an_error_with_a_delay_and_is_accepted_after_it() -> None:
    async with run_gateway(user_sends_per_second=1, user_sends_burst=1) as gateway:
        talk = await gateway.start_direct(ME, PEER)
        async with gateway.connected(ME) as client:
            frame = {"type": "message", "conversationId": talk, "text": "hello"}
            await client.send(**frame, clientId="first")
            await client.send(**frame, clientId="second")
            error = await client.receive("error")
            assert (error["code"], error["clientId"]) == ("too_many", "second")
            assert 0 < error["afterMs"] <= 1_000
            await asyncio.sleep(error["afterMs"] / 1e3)
            await client.send(**frame, clientId="second")
            while (accepted := await client.receive("accepted"))["clientId"] != "second":
                pass
            assert accepted["id"]


async def test_a_client_that_resends_its_outbox_after_a_burst_is_never_closed() -> None:
    """As the web client does: what is refused, it sends again with all the rest after a second or two."""
    async with run_gateway(**DEFAULTS) as gateway:
        talk = await gateway.start_direct(ME, PEER)
        async with gateway.connected(ME) as client:
            await _send_until_accepted(client, talk, [f"first-{number}" for number in range(500)], 0.2)
        async with gateway.connected(ME) as client:
            outbox = [f"second-{number}" for number in range(250)]
            await _send_until_accepted(client, talk, outbox, 1.5)
        sent = [event for event in gateway.written_events() if event.type == "chat.event.message-sent.v1"]
        assert len(sent) == 750


async def _send_until_accepted(client: SocketClient, talk: str, outbox: list[str], pause: float) -> None:
    pending = set(outbox)
    while pending:
        for client_id in sorted(pending):
            await client.send(type="message", conversationId=talk, text="hello", clientId=client_id)
        for _ in range(len(pending)):
            while (frame := await client.receive())["type"] not in ("accepted", "error"):
                pass
            if frame["type"] == "accepted":
                pending.remove(frame["clientId"])
            else:
                assert frame["code"] == "too_many"
        await asyncio.sleep(pause if pending else 0)


async def test_a_flood_of_pings_is_closed_with_4429() -> None:
    async with run_gateway(**DEFAULTS) as gateway, gateway.connected(ME) as client:
        with suppress(ConnectionClosed):
            for _ in range(3_000):
                await client.socket.ping()
        assert assert_delayed(await client.wait_closed(), 4429) > 1_000
        async with gateway.connect(ME) as again:  # without waiting
            assert await _first(again) is None
            assert assert_delayed(await again.wait_closed(), 4429) > 1_000
        async with gateway.connected("polite"):
            pass


async def test_a_flood_of_refused_frames_is_closed_with_4429_whatever_the_socket() -> None:
    limits = {"user_sends_per_second": 1, "user_sends_burst": 1, "user_frames_per_second": 1}
    async with run_gateway(**limits, user_frames_burst=50) as gateway:
        talk = await gateway.start_direct(ME, PEER)
        async with AsyncExitStack() as stack:
            attempts = [gateway.connected(ME, max_queue=None) for _ in range(10)]
            clients = [await stack.enter_async_context(attempt) for attempt in attempts]
            closing = asyncio.gather(*(client.wait_closed() for client in clients))
            while not closing.done():
                for client in clients:
                    with suppress(ConnectionClosed):
                        await client.send(type="message", conversationId=talk, text="hello")
                await asyncio.sleep(0.01)
        assert {code for code, _ in closing.result()} == {4429}
        assert len(gateway.written_events()) <= 1 + 1 + 15  # the conversation, the burst, 1 a second


async def test_a_socket_beyond_the_limit_is_closed_with_4429_and_another_user_has_one() -> None:
    async with run_gateway(max_user_sockets=3) as gateway, AsyncExitStack() as stack:
        attempts = [gateway.connect(ME) for _ in range(8)]
        clients = await asyncio.gather(*(stack.enter_async_context(attempt) for attempt in attempts))
        refused = [client for client in clients if (await _first(client)) is None]
        assert len(refused) == 5
        for client in refused:
            assert assert_delayed(await client.wait_closed(), 4429) >= 10_000
        async with gateway.connected("polite"):
            pass
        open_client = next(client for client in clients if client not in refused)
        await open_client.socket.close()
        async with asyncio.timeout(5):
            while gateway.components.connections.count_of(ME) == 3:
                await asyncio.sleep(0.01)
        async with gateway.connected(ME):
            pass


async def _first(client: SocketClient) -> str | None:
    """The type of its first frame; None when it is closed."""
    try:
        return str((await client.receive())["type"])
    except ConnectionClosed:
        return None


async def test_a_user_who_connects_again_and_again_is_refused_with_a_delay() -> None:
    async with run_gateway(user_connects_per_second=1, user_connects_burst=5) as gateway:
        codes = []
        for _ in range(5):
            async with gateway.connected(ME):
                pass
        async with AsyncExitStack() as stack:
            attempts = [gateway.connect(ME) for _ in range(6)]
            for client in await asyncio.gather(*map(stack.enter_async_context, attempts)):
                if await _first(client) is None:
                    codes.append(assert_delayed(await client.wait_closed(), 4429))
        assert len(codes) >= 3
        async with gateway.connected("polite"):
            pass


async def test_frames_for_foreign_conversations_count_as_bad() -> None:
    async with run_gateway() as gateway, gateway.connected(ME, max_queue=None) as client:
        with suppress(ConnectionClosed):
            for _ in range(101):
                await client.send(type="message", conversationId=str(uuid4()), text="hello")
        assert_delayed(await client.wait_closed(), 4400)


async def test_an_outbox_for_a_conversation_that_the_user_was_removed_from_is_no_flood() -> None:
    async with run_gateway() as gateway, gateway.connected(ME) as client:
        for number in range(250):
            await client.send(
                type="message", conversationId=UNKNOWN_CONVERSATION, text="hello", clientId=str(number)
            )
        codes = [(await client.receive("error"))["code"] for _ in range(250)]
        assert set(codes) == {"not_found"}
        await (await client.socket.ping())
