"""The life of a socket."""

import asyncio
import logging

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from shared.contract import cursor, ids
from shared.log.log_epoch import LogIdentity
from tests.unit.gateway.gateway_fixture import (
    EPOCH,
    UNKNOWN_CONVERSATION,
    GatewayFixture,
    run_gateway,
    unique_user,
)


async def test_a_socket_is_greeted_with_a_true_cursor_and_synced(gateway: GatewayFixture) -> None:
    ana = unique_user()
    async with gateway.connect(ana) as client:
        hello, synced = await client.receive(), await client.receive()
    decoded = cursor.decode(hello["cursor"])
    assert (hello["type"], hello["userId"], hello["heartbeatSeconds"]) == ("hello", ana, 15)
    assert decoded.belongs_to(ana)
    assert (decoded.epoch, len(decoded.offsets)) == (EPOCH, 4)
    assert synced["type"] == "synced"


async def test_a_message_is_accepted_and_stands_in_the_log(gateway: GatewayFixture) -> None:
    ana, ben = unique_user(), unique_user()
    conversation = await gateway.start_direct(ana, ben)
    async with gateway.connected(ana) as client:
        await client.send(type="message", conversationId=conversation, text="hello", clientId="c1")
        accepted = await client.receive("accepted")
    assert accepted["clientId"] == "c1"
    assert accepted["id"] == ids.message_id(conversation, ana, "c1")
    assert [e.actor for e in gateway.written_events() if e.subject == conversation] == [ana, ana]


async def test_what_one_socket_says_is_written_in_its_order(gateway: GatewayFixture) -> None:
    ana, ben = unique_user(), unique_user()
    conversation = await gateway.start_direct(ana, ben)
    async with gateway.connected(ana) as client:
        for number in range(300):
            await client.send(type="message", conversationId=conversation, text=f"{number}")
        for _ in range(300):
            assert (await client.receive())["type"] == "accepted"
    answer = await gateway.http.get(f"/messages/history?meId={ben}&conversationId={conversation}&limit=100")
    assert [m["text"] for m in answer.json()["items"]] == [f"{n}" for n in range(200, 300)]


async def test_frames_sent_before_leaving_are_written(gateway: GatewayFixture) -> None:
    ana, ben = unique_user(), unique_user()
    conversation = await gateway.start_direct(ana, ben)
    async with gateway.connected(ana) as client:
        for number in range(50):
            await client.send(type="message", conversationId=conversation, text=f"{number}")
    await gateway.notifier.wait_for_user(ana, present=False)
    assert len([e for e in gateway.written_events() if e.subject == conversation]) == 51


async def test_an_entry_goes_to_every_socket_of_its_users_as_it_is(own_gateway: GatewayFixture) -> None:
    frame = {"type": "message", "text": "hello", "unknown": [1, 2]}
    async with (
        own_gateway.connected("ana") as phone,
        own_gateway.connected("ana") as laptop,
        own_gateway.connected("eve") as other,
    ):
        await own_gateway.notifier.send_entry(["ana"], frame, source_offset=2)
        assert await phone.receive() == await laptop.receive() == frame
        await own_gateway.notifier.send_entry(["eve"], {"type": "message", "text": "eve's"}, source_offset=3)
        assert (await other.receive())["text"] == "eve's"


async def test_entries_that_history_had_at_the_start_are_not_sent(own_gateway: GatewayFixture) -> None:
    conversation = await own_gateway.start_direct("ana", "ben")
    partition = own_gateway.partition_of(conversation)
    async with own_gateway.connected("ana") as client:
        await own_gateway.notifier.send_entry(["ana"], {"type": "old"}, partition=partition, source_offset=2)
        await own_gateway.notifier.send_entry(["ana"], {"type": "new"}, partition=partition, source_offset=3)
        assert (await client.receive())["type"] == "new"


async def test_no_hello_before_every_owner_acknowledged_and_nothing_is_handled_before_it(
    own_gateway: GatewayFixture,
) -> None:
    conversation = await own_gateway.start_direct("ana", "ben")
    own_gateway.notifier.acknowledges = False
    async with own_gateway.connect("ana") as client:
        await client.send(type="message", conversationId=conversation, text="early")
        await own_gateway.notifier.wait_for_user("ana")
        await own_gateway.notifier.send_entry(
            ["ana"], {"type": "message", "text": "in history"}, source_offset=1
        )
        await asyncio.sleep(0.1)
        assert len(own_gateway.written_events()) == 1
        await own_gateway.notifier.acknowledge()
        kinds = [(await client.receive())["type"] for _ in range(3)]
    assert kinds == ["hello", "synced", "accepted"]


async def test_who_leaves_before_hello_is_noticed_at_once(own_gateway: GatewayFixture) -> None:
    own_gateway.notifier.acknowledges = False
    async with own_gateway.connect("ana"):
        await own_gateway.notifier.wait_for_user("ana")
    await own_gateway.notifier.wait_for_user("ana", present=False)


async def test_who_is_not_registered_in_time_gets_a_retry_delay() -> None:
    async with run_gateway(registered_within=0.2) as gateway:
        gateway.notifier.acknowledges = False
        async with gateway.connect("ana") as client:
            code, reason = await client.wait_closed()
    assert code == 1012
    assert reason is not None
    assert reason.startswith("afterMs=")


@pytest.mark.parametrize(
    "query", ["", "token=", "token=%20ana", "token=%ff", "token=a&token=a", f"token={'a' * 129}"]
)
async def test_a_bad_token_is_accepted_and_closed_with_4401(gateway: GatewayFixture, query: str) -> None:
    async with gateway.connect(None, query=query) as client:
        code, reason = await client.wait_closed()
    assert code == 4401
    assert reason is not None
    assert "AUTH=dev: <user id>" in reason


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
async def test_a_foreign_origin_gets_403(
    gateway: GatewayFixture, origin: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with gateway.connect("ana", origin=origin):
            pass
    assert refused.value.response.status_code == 403
    assert [line.message for line in caplog.records if line.levelno >= logging.ERROR] == []


async def test_loopback_and_own_origins_are_welcome(gateway: GatewayFixture) -> None:
    for origin in ("http://localhost:5173", f"http://127.0.0.1:{gateway.port}"):
        async with gateway.connected("ana", origin=origin):
            pass


@pytest.mark.parametrize(
    ("text", "kinds", "reason"),
    [
        ("garbage", ["hello", "error", "synced"], None),
        ("A" * 5_000, ["hello", "error", "synced"], None),
        (cursor.encode(EPOCH, "ana", [999] * 4), ["hello", "reset", "synced"], "beyond_the_log"),
        (cursor.encode(EPOCH, "ben", [1, 1, 1, 1]), ["hello", "reset", "synced"], "of_another_user"),
        (cursor.encode("f" * 16, "ana", [1, 1, 1, 1]), ["hello", "reset", "synced"], "of_another_log"),
    ],
)
async def test_a_useless_cursor_is_reported_and_the_socket_goes_on(
    gateway: GatewayFixture, text: str, kinds: list[str], reason: str | None
) -> None:
    async with gateway.connect("ana", query=f"&cursor={text}") as client:
        frames = [await client.receive() for _ in kinds]
    assert [frame["type"] for frame in frames] == kinds
    assert frames[1].get("reason") == reason
    assert frames[1].get("code") == (None if reason else "cursor_invalid")


@pytest.mark.parametrize(
    ("token", "given", "user"),
    [
        (None, ["Bearer ana"], "ana"),
        ("ana", ["Bearer ana"], "ana"),
        ("ana", ["Bearer ben"], None),
        ("ana", ["Basic YW5hOg=="], None),
        (None, ["Bearerana"], None),
        (None, ["Bearer ana", "Bearer ana"], None),
        (None, [], None),
    ],
)
async def test_a_socket_takes_authorization_as_calls_do(
    gateway: GatewayFixture, token: str | None, given: list[str], user: str | None
) -> None:
    headers = [("Authorization", value) for value in given]
    async with gateway.connect(token, additional_headers=headers) as client:
        if user is None:
            assert (await client.wait_closed())[0] == 4401
        else:
            assert (await client.receive("hello"))["userId"] == user


@pytest.mark.parametrize("length", [10_000, 100_000])
async def test_a_cursor_too_long_for_a_url_is_refused_at_once(gateway: GatewayFixture, length: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with gateway.connect("ana", query=f"&cursor={'A' * length}", open_timeout=5):
            pass
    assert refused.value.response.status_code == 414


async def test_headers_too_long_for_an_upgrade_are_refused_at_once(gateway: GatewayFixture) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with gateway.connect("ana", additional_headers={"Cookie": "a" * 10_000}, open_timeout=5):
            pass
    assert refused.value.response.status_code == 431


async def test_cursors_come_with_every_heartbeat_and_move_on() -> None:
    async with run_gateway(heartbeat_seconds=1) as gateway, gateway.connected("ana") as client:
        await gateway.notifier.send_progress(2, 0, 5, source_offset=7)
        first = cursor.decode((await client.receive("cursor"))["cursor"])
        assert first.offsets == (1, 1, 7, 1)
        assert (await client.receive())["type"] == "cursor"


async def test_a_socket_without_a_store_gets_its_cursor_later(own_gateway: GatewayFixture) -> None:
    own_gateway.store.away = True
    async with own_gateway.connect("ana") as client:
        assert [(await client.receive())["cursor"] for _ in range(2)] == [None, None]
        await own_gateway.notifier.send_entry(["ana"], {"type": "message"}, partition=1, source_offset=6)
        assert (await client.receive())["type"] == "message"
        own_gateway.store.away, own_gateway.store.frozen_at = False, (1, 6, 1, 1)
        later = cursor.decode((await client.receive("cursor"))["cursor"])
    assert later.offsets == (1, 6, 1, 1)


async def test_a_cursor_that_comes_later_does_not_cover_what_is_still_to_be_delivered(
    own_gateway: GatewayFixture,
) -> None:
    """The store has it, and of its partition nothing was delivered before."""
    talk = await own_gateway.start_direct("ana", "ben")
    own_gateway.store.away = True
    async with own_gateway.connected("ana") as client:
        await own_gateway.send_message("ben", talk, "committed")
        calls, own_gateway.store.away = own_gateway.store.calls, False
        while own_gateway.store.calls == calls:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        partition = own_gateway.partition_of(talk)
        await own_gateway.notifier.send_entry(
            ["ana"], {"type": "message"}, partition=partition, source_offset=3
        )
        assert [(await client.receive())["type"] for _ in range(2)] == ["message", "cursor"]


async def test_heartbeats_come_while_the_cursor_is_not_known_yet() -> None:
    async with run_gateway(heartbeat_seconds=1) as gateway:
        gateway.store.away = True
        async with gateway.connected("ana") as client:
            assert [(await client.receive("cursor"))["cursor"] for _ in range(2)] == [None, None]
            gateway.store.away = False
            while (text := (await client.receive("cursor"))["cursor"]) is None:
                pass
            assert cursor.decode(text).belongs_to("ana")


async def test_users_are_announced_once_and_withdrawn_with_their_last_socket(
    own_gateway: GatewayFixture,
) -> None:
    async with own_gateway.connected("ana"):
        async with own_gateway.connected("ana"):
            assert own_gateway.notifier.users == {"ana"}
        await asyncio.sleep(0.1)
        assert own_gateway.notifier.users == {"ana"}
    await own_gateway.notifier.wait_for_user("ana", present=False)


async def test_above_the_cap_sockets_get_a_retry_delay() -> None:
    async with (
        run_gateway(max_sockets=1) as gateway,
        gateway.connected("ana"),
        gateway.connect("ben") as client,
    ):
        assert (await client.wait_closed())[0] == 4429


async def test_after_a_gap_a_socket_gets_from_the_store_what_it_missed_and_stays(
    own_gateway: GatewayFixture,
) -> None:
    conversation = await own_gateway.start_direct("ana", "ben")
    partition = own_gateway.partition_of(conversation)
    own_gateway.notifier.can_replay = False
    async with own_gateway.connected("ben") as client:
        for text in ("one", "two"):
            await own_gateway.send_message("ana", conversation, text)
        own_gateway.notifier.source_offsets[partition] = 4
        await own_gateway.notifier.send_progress(partition, 2, 2)
        assert [(await client.receive("message"))["text"] for _ in range(2)] == ["one", "two"]
        sent_cursor = cursor.decode((await client.receive("cursor"))["cursor"])
        assert sent_cursor.offsets[partition] == 4
        await own_gateway.send_message("ana", conversation, "three")
        frame = {"type": "message", "text": "three"}
        await own_gateway.notifier.send_entry(
            ["ben"], {"type": "message", "text": "two"}, partition=partition, source_offset=4
        )
        await own_gateway.notifier.send_entry(["ben"], frame, partition=partition, source_offset=5)
        assert (await client.receive("message"))["text"] == "three"


async def test_a_gap_while_catching_up_is_made_good_too(own_gateway: GatewayFixture) -> None:
    conversation = await own_gateway.start_direct("ana", "ben")
    partition = own_gateway.partition_of(conversation)
    own_gateway.notifier.can_replay = False
    at = await own_gateway.current_cursor("ben")
    own_gateway.store.away = True
    async with own_gateway.connect("ben", query=f"&cursor={at}") as client:
        await client.receive("hello")
        await own_gateway.notifier.send_progress(partition, 2, 2)
        await own_gateway.send_message("ana", conversation, "one")
        own_gateway.store.away = False
        assert (await client.receive())["text"] == "one"
        assert (await client.receive())["type"] == "synced"


async def test_a_gap_ends_a_socket_of_which_nobody_knows_where_it_is(own_gateway: GatewayFixture) -> None:
    own_gateway.notifier.can_replay = False
    own_gateway.store.away = True
    async with own_gateway.connected("ana") as client:
        await own_gateway.notifier.send_progress(3, 2, 2)
        code, reason = await client.wait_closed()
    assert code == 1012
    assert reason is not None
    assert reason.startswith("afterMs=")


async def test_a_socket_whose_cursor_the_store_refuses_after_a_gap_gets_a_new_one(
    own_gateway: GatewayFixture,
) -> None:
    own_gateway.notifier.can_replay = False
    async with own_gateway.connected("ana") as client:
        identity, own_gateway.store.identity = own_gateway.store.identity, LogIdentity("f" * 16, 4)
        own_gateway.store.away = True
        await own_gateway.notifier.send_progress(3, 2, 2)
        assert (await client.receive())["type"] == "reset"
        assert (await client.receive("cursor"))["cursor"] is None
        own_gateway.store.identity, own_gateway.store.away = identity, False
        assert cursor.decode((await client.receive("cursor"))["cursor"]).belongs_to("ana")


async def test_a_notifier_that_comes_back_where_it_was_is_no_gap(own_gateway: GatewayFixture) -> None:
    async with own_gateway.connected("ana") as client:
        await own_gateway.notifier.send_entry(["ana"], {"type": "message", "text": "one"}, source_offset=5)
        await own_gateway.notifier.disconnect()
        await own_gateway.notifier.wait_for_user("ana", present=False)
        await own_gateway.notifier.wait_for_user("ana")
        await asyncio.sleep(0.05)
        await own_gateway.notifier.send_entry(["ana"], {"type": "message", "text": "two"}, source_offset=6)
        assert [(await client.receive("message"))["text"] for _ in range(2)] == ["one", "two"]
    assert own_gateway.notifier.replay_requests[-1] == {0: 1, 1: 0, 2: 0, 3: 0}


async def test_what_a_notifier_sent_before_it_knew_our_users_is_replayed(
    own_gateway: GatewayFixture,
) -> None:
    async with own_gateway.connected("ana") as client:
        own_gateway.notifier.acknowledges = False
        await own_gateway.notifier.disconnect()
        await own_gateway.notifier.wait_for_user("ana", present=False)
        await own_gateway.notifier.wait_for_user("ana")
        await own_gateway.notifier.send_entry(["ana"], {"type": "message", "text": "early"}, source_offset=5)
        await own_gateway.notifier.acknowledge()
        assert (await client.receive())["text"] == "early"


async def test_after_a_gap_nobody_is_taken_for_a_member_unasked(own_gateway: GatewayFixture) -> None:
    own_gateway.components.membership.add(UNKNOWN_CONVERSATION, "ana")
    own_gateway.notifier.can_replay = False
    async with own_gateway.connected("ana") as client:
        await own_gateway.notifier.send_progress(3, 2, 2)
        await client.receive("cursor")
        await client.send(type="message", conversationId=UNKNOWN_CONVERSATION, text="hello")
        assert (await client.receive())["code"] == "not_found"


async def test_member_entries_end_what_is_remembered_of_a_conversation(own_gateway: GatewayFixture) -> None:
    own_gateway.components.membership.add(UNKNOWN_CONVERSATION, "ana")
    async with own_gateway.connected("ana") as client:
        kind = "chat.member.removed.v1"
        own_gateway.store.frozen_at = (9, 1, 1, 1)
        await own_gateway.notifier.send_entry(
            ["ana"], {"type": "x"}, source_offset=9, kind=kind, conversation=UNKNOWN_CONVERSATION
        )
        await client.receive("x")
        await client.send(type="message", conversationId=UNKNOWN_CONVERSATION, text="hello")
        assert (await client.receive())["code"] == "not_found"


async def test_a_reader_too_slow_is_closed_with_4408_or_cut() -> None:
    async with (
        run_gateway(outbox_bytes=1_000_000) as gateway,
        gateway.connected("ana", close_timeout=0.1) as slow,
        gateway.connected("ben") as quick,
    ):
        slow.socket.transport.pause_reading()
        for number in range(2, 200):
            await gateway.notifier.send_entry(
                ["ana"], {"type": "message", "text": "a" * 200_000}, source_offset=number
            )
        await gateway.notifier.wait_for_user("ana", present=False)
        await gateway.notifier.send_entry(
            ["ben"], {"type": "message", "text": "still here"}, source_offset=300
        )
        assert (await quick.receive())["text"] == "still here"
        slow.socket.transport.resume_reading()


async def test_stopping_sends_who_was_not_greeted_yet_away_without_a_word() -> None:
    async with run_gateway() as gateway:
        gateway.notifier.acknowledges = False
        async with gateway.connect("ana") as client:
            await gateway.notifier.wait_for_user("ana")
            gateway.stop.set()
            with pytest.raises(ConnectionClosed, match="1012"):
                await client.receive()


async def test_on_drain_clients_are_sent_to_reconnect_and_finishes_what_was_begun() -> None:
    async with run_gateway() as gateway:
        conversation = await gateway.start_direct("ana", "ben")
        async with gateway.connected("ana") as client:
            await client.send(type="message", conversationId=conversation, text="last words")
            await client.send(type="read", conversationId=conversation, upTo=1)
            await client.receive("accepted")
            await asyncio.sleep(0.1)
            await client.send(type="read", conversationId=conversation, upTo=2)
            await asyncio.sleep(0.1)
            gateway.stop.set()
            assert 0 < (await client.receive("reconnect"))["afterMs"] <= 5_000
            code, reason = await client.wait_closed()
        assert code == 1012
        assert reason is not None
        assert reason.startswith("afterMs=")
        reads = [e for e in gateway.written_events() if e.type == "chat.event.read-moved.v1"]
        assert [read.data.up_to for read in reads] == [1, 2]
