"""The life of a socket."""

import asyncio
import logging

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from shared.contract import cursor, ids
from shared.log.log_epoch import LogIdentity
from tests.unit.gateway.gateway_fixture import EPOCH, STRANGE, House, opened, somebody


async def test_a_socket_is_greeted_with_a_true_cursor_and_synced(house: House) -> None:
    ana = somebody()
    async with house.dialled(ana) as client:
        hello, synced = await client.hear(), await client.hear()
    decoded = cursor.decode(hello["cursor"])
    assert (hello["type"], hello["userId"], hello["heartbeatSeconds"]) == ("hello", ana, 15)
    assert decoded.belongs_to(ana)
    assert (decoded.epoch, len(decoded.offsets)) == (EPOCH, 4)
    assert synced["type"] == "synced"


async def test_a_message_is_accepted_and_stands_in_the_log(house: House) -> None:
    ana, ben = somebody(), somebody()
    conversation = await house.talk(ana, ben)
    async with house.present(ana) as client:
        await client.say(type="message", conversationId=conversation, text="hello", clientId="c1")
        accepted = await client.hear("accepted")
    assert accepted["clientId"] == "c1"
    assert accepted["id"] == ids.message_id(conversation, ana, "c1")
    assert [e.actor for e in house.written() if e.subject == conversation] == [ana, ana]


async def test_what_one_socket_says_is_written_in_its_order(house: House) -> None:
    ana, ben = somebody(), somebody()
    conversation = await house.talk(ana, ben)
    async with house.present(ana) as client:
        for number in range(300):
            await client.say(type="message", conversationId=conversation, text=f"{number}")
        for _ in range(300):
            assert (await client.hear())["type"] == "accepted"
    answer = await house.http.get(f"/messages/history?meId={ben}&conversationId={conversation}&limit=100")
    assert [m["text"] for m in answer.json()["items"]] == [f"{n}" for n in range(200, 300)]


async def test_what_was_said_before_leaving_is_written(house: House) -> None:
    ana, ben = somebody(), somebody()
    conversation = await house.talk(ana, ben)
    async with house.present(ana) as client:
        for number in range(50):
            await client.say(type="message", conversationId=conversation, text=f"{number}")
    await house.notifier.wait_for_user(ana, present=False)
    assert len([e for e in house.written() if e.subject == conversation]) == 51


async def test_an_entry_goes_to_every_socket_of_its_users_as_it_is(own_house: House) -> None:
    frame = {"type": "message", "text": "hello", "unknown": [1, 2]}
    async with (
        own_house.present("ana") as phone,
        own_house.present("ana") as laptop,
        own_house.present("eve") as other,
    ):
        await own_house.notifier.send_entry(["ana"], frame, source_offset=2)
        assert await phone.hear() == await laptop.hear() == frame
        await own_house.notifier.send_entry(["eve"], {"type": "message", "text": "eve's"}, source_offset=3)
        assert (await other.hear())["text"] == "eve's"


async def test_entries_that_history_had_at_the_start_are_not_sent(own_house: House) -> None:
    conversation = await own_house.talk("ana", "ben")
    partition = own_house.partition_of(conversation)
    async with own_house.present("ana") as client:
        await own_house.notifier.send_entry(["ana"], {"type": "old"}, partition=partition, source_offset=2)
        await own_house.notifier.send_entry(["ana"], {"type": "new"}, partition=partition, source_offset=3)
        assert (await client.hear())["type"] == "new"


async def test_no_hello_before_every_owner_acknowledged_and_nothing_is_handled_before_it(
    own_house: House,
) -> None:
    conversation = await own_house.talk("ana", "ben")
    own_house.notifier.acknowledges = False
    async with own_house.dialled("ana") as client:
        await client.say(type="message", conversationId=conversation, text="early")
        await own_house.notifier.wait_for_user("ana")
        await own_house.notifier.send_entry(
            ["ana"], {"type": "message", "text": "in history"}, source_offset=1
        )
        await asyncio.sleep(0.1)
        assert len(own_house.written()) == 1
        await own_house.notifier.acknowledge()
        kinds = [(await client.hear())["type"] for _ in range(3)]
    assert kinds == ["hello", "synced", "accepted"]


async def test_who_leaves_before_hello_is_noticed_at_once(own_house: House) -> None:
    own_house.notifier.acknowledges = False
    async with own_house.dialled("ana"):
        await own_house.notifier.wait_for_user("ana")
    await own_house.notifier.wait_for_user("ana", present=False)


async def test_who_is_not_registered_in_time_is_told_when_to_come_back() -> None:
    async with opened(registered_within=0.2) as house:
        house.notifier.acknowledges = False
        async with house.dialled("ana") as client:
            code, reason = await client.closed()
    assert code == 1012
    assert reason is not None
    assert reason.startswith("afterMs=")


@pytest.mark.parametrize(
    "query", ["", "token=", "token=%20ana", "token=%ff", "token=a&token=a", f"token={'a' * 129}"]
)
async def test_a_bad_token_is_accepted_and_closed_with_4401(house: House, query: str) -> None:
    async with house.dialled(None, query=query) as client:
        code, reason = await client.closed()
    assert code == 4401
    assert reason is not None
    assert "?token=<user id>" in reason


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
async def test_a_foreign_origin_gets_403(house: House, origin: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with house.dialled("ana", origin=origin):
            pass
    assert refused.value.response.status_code == 403
    assert [line.message for line in caplog.records if line.levelno >= logging.ERROR] == []


async def test_loopback_and_own_origins_are_welcome(house: House) -> None:
    for origin in ("http://localhost:5173", f"http://127.0.0.1:{house.port}"):
        async with house.present("ana", origin=origin):
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
async def test_a_cursor_of_no_use_is_said_and_the_socket_goes_on(
    house: House, text: str, kinds: list[str], reason: str | None
) -> None:
    async with house.dialled("ana", query=f"&cursor={text}") as client:
        frames = [await client.hear() for _ in kinds]
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
    house: House, token: str | None, given: list[str], user: str | None
) -> None:
    headers = [("Authorization", value) for value in given]
    async with house.dialled(token, additional_headers=headers) as client:
        if user is None:
            assert (await client.closed())[0] == 4401
        else:
            assert (await client.hear("hello"))["userId"] == user


@pytest.mark.parametrize("length", [10_000, 100_000])
async def test_a_cursor_too_long_for_a_url_is_refused_at_once(house: House, length: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with house.dialled("ana", query=f"&cursor={'A' * length}", open_timeout=5):
            pass
    assert refused.value.response.status_code == 414


async def test_headers_too_long_for_an_upgrade_are_refused_at_once(house: House) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with house.dialled("ana", additional_headers={"Cookie": "a" * 10_000}, open_timeout=5):
            pass
    assert refused.value.response.status_code == 431


async def test_cursors_come_with_every_heartbeat_and_move_on() -> None:
    async with opened(heartbeat_seconds=1) as house, house.present("ana") as client:
        await house.notifier.send_progress(2, 0, 5, source_offset=7)
        first = cursor.decode((await client.hear("cursor"))["cursor"])
        assert first.offsets == (1, 1, 7, 1)
        assert (await client.hear())["type"] == "cursor"


async def test_a_socket_without_a_store_gets_its_cursor_later(own_house: House) -> None:
    own_house.store.away = True
    async with own_house.dialled("ana") as client:
        assert [(await client.hear())["cursor"] for _ in range(2)] == [None, None]
        await own_house.notifier.send_entry(["ana"], {"type": "message"}, partition=1, source_offset=6)
        assert (await client.hear())["type"] == "message"
        own_house.store.away, own_house.store.frozen_at = False, (1, 6, 1, 1)
        later = cursor.decode((await client.hear("cursor"))["cursor"])
    assert later.offsets == (1, 6, 1, 1)


async def test_a_cursor_that_comes_later_does_not_cover_what_is_still_to_be_told(own_house: House) -> None:
    """The store has it, and of its partition nothing was told before."""
    talk = await own_house.talk("ana", "ben")
    own_house.store.away = True
    async with own_house.present("ana") as client:
        await own_house.say("ben", talk, "committed")
        asked, own_house.store.away = own_house.store.calls, False
        while own_house.store.calls == asked:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        partition = own_house.partition_of(talk)
        await own_house.notifier.send_entry(
            ["ana"], {"type": "message"}, partition=partition, source_offset=3
        )
        assert [(await client.hear())["type"] for _ in range(2)] == ["message", "cursor"]


async def test_heartbeats_come_while_the_cursor_is_not_known_yet() -> None:
    async with opened(heartbeat_seconds=1) as house:
        house.store.away = True
        async with house.present("ana") as client:
            assert [(await client.hear("cursor"))["cursor"] for _ in range(2)] == [None, None]
            house.store.away = False
            while (told := (await client.hear("cursor"))["cursor"]) is None:
                pass
            assert cursor.decode(told).belongs_to("ana")


async def test_users_are_announced_once_and_withdrawn_with_their_last_socket(own_house: House) -> None:
    async with own_house.present("ana"):
        async with own_house.present("ana"):
            assert own_house.notifier.users == {"ana"}
        await asyncio.sleep(0.1)
        assert own_house.notifier.users == {"ana"}
    await own_house.notifier.wait_for_user("ana", present=False)


async def test_above_the_cap_sockets_are_told_to_come_back() -> None:
    async with opened(max_sockets=1) as house, house.present("ana"), house.dialled("ben") as client:
        assert (await client.closed())[0] == 4429


async def test_after_a_gap_a_socket_gets_from_the_store_what_it_missed_and_stays(own_house: House) -> None:
    conversation = await own_house.talk("ana", "ben")
    partition = own_house.partition_of(conversation)
    own_house.notifier.can_replay = False
    async with own_house.present("ben") as client:
        for text in ("one", "two"):
            await own_house.say("ana", conversation, text)
        own_house.notifier.source_offsets[partition] = 4
        await own_house.notifier.send_progress(partition, 2, 2)
        assert [(await client.hear("message"))["text"] for _ in range(2)] == ["one", "two"]
        said = cursor.decode((await client.hear("cursor"))["cursor"])
        assert said.offsets[partition] == 4
        await own_house.say("ana", conversation, "three")
        frame = {"type": "message", "text": "three"}
        await own_house.notifier.send_entry(
            ["ben"], {"type": "message", "text": "two"}, partition=partition, source_offset=4
        )
        await own_house.notifier.send_entry(["ben"], frame, partition=partition, source_offset=5)
        assert (await client.hear("message"))["text"] == "three"


async def test_a_gap_while_catching_up_is_made_good_too(own_house: House) -> None:
    conversation = await own_house.talk("ana", "ben")
    partition = own_house.partition_of(conversation)
    own_house.notifier.can_replay = False
    at = await own_house.cursor("ben")
    own_house.store.away = True
    async with own_house.dialled("ben", query=f"&cursor={at}") as client:
        await client.hear("hello")
        await own_house.notifier.send_progress(partition, 2, 2)
        await own_house.say("ana", conversation, "one")
        own_house.store.away = False
        assert (await client.hear())["text"] == "one"
        assert (await client.hear())["type"] == "synced"


async def test_a_gap_ends_a_socket_of_which_nobody_knows_where_it_is(own_house: House) -> None:
    own_house.notifier.can_replay = False
    own_house.store.away = True
    async with own_house.present("ana") as client:
        await own_house.notifier.send_progress(3, 2, 2)
        code, reason = await client.closed()
    assert code == 1012
    assert reason is not None
    assert reason.startswith("afterMs=")


async def test_a_socket_whose_cursor_the_store_refuses_after_a_gap_gets_a_new_one(own_house: House) -> None:
    own_house.notifier.can_replay = False
    async with own_house.present("ana") as client:
        identity, own_house.store.identity = own_house.store.identity, LogIdentity("f" * 16, 4)
        own_house.store.away = True
        await own_house.notifier.send_progress(3, 2, 2)
        assert (await client.hear())["type"] == "reset"
        assert (await client.hear("cursor"))["cursor"] is None
        own_house.store.identity, own_house.store.away = identity, False
        assert cursor.decode((await client.hear("cursor"))["cursor"]).belongs_to("ana")


async def test_a_notifier_that_comes_back_where_it_was_is_no_gap(own_house: House) -> None:
    async with own_house.present("ana") as client:
        await own_house.notifier.send_entry(["ana"], {"type": "message", "text": "one"}, source_offset=5)
        await own_house.notifier.disconnect()
        await own_house.notifier.wait_for_user("ana", present=False)
        await own_house.notifier.wait_for_user("ana")
        await asyncio.sleep(0.05)
        await own_house.notifier.send_entry(["ana"], {"type": "message", "text": "two"}, source_offset=6)
        assert [(await client.hear("message"))["text"] for _ in range(2)] == ["one", "two"]
    assert own_house.notifier.replay_requests[-1] == {0: 1, 1: 0, 2: 0, 3: 0}


async def test_what_a_notifier_told_before_it_knew_our_users_again_is_told_again(own_house: House) -> None:
    async with own_house.present("ana") as client:
        own_house.notifier.acknowledges = False
        await own_house.notifier.disconnect()
        await own_house.notifier.wait_for_user("ana", present=False)
        await own_house.notifier.wait_for_user("ana")
        await own_house.notifier.send_entry(["ana"], {"type": "message", "text": "early"}, source_offset=5)
        await own_house.notifier.acknowledge()
        assert (await client.hear())["text"] == "early"


async def test_after_a_gap_nobody_is_taken_for_a_member_unasked(own_house: House) -> None:
    own_house.door.membership.remember(STRANGE, "ana")
    own_house.notifier.can_replay = False
    async with own_house.present("ana") as client:
        await own_house.notifier.send_progress(3, 2, 2)
        await client.hear("cursor")
        await client.say(type="message", conversationId=STRANGE, text="hello")
        assert (await client.hear())["code"] == "not_found"


async def test_member_entries_end_what_is_remembered_of_a_conversation(own_house: House) -> None:
    own_house.door.membership.remember(STRANGE, "ana")
    async with own_house.present("ana") as client:
        kind = "chat.member.removed.v1"
        own_house.store.frozen_at = (9, 1, 1, 1)
        await own_house.notifier.send_entry(
            ["ana"], {"type": "x"}, source_offset=9, kind=kind, conversation=STRANGE
        )
        await client.hear("x")
        await client.say(type="message", conversationId=STRANGE, text="hello")
        assert (await client.hear())["code"] == "not_found"


async def test_a_reader_too_slow_is_closed_with_4408_or_cut() -> None:
    async with (
        opened(outbox_bytes=1_000_000) as house,
        house.present("ana", close_timeout=0.1) as slow,
        house.present("ben") as quick,
    ):
        slow.socket.transport.pause_reading()
        for number in range(2, 200):
            await house.notifier.send_entry(
                ["ana"], {"type": "message", "text": "a" * 200_000}, source_offset=number
            )
        await house.notifier.wait_for_user("ana", present=False)
        await house.notifier.send_entry(["ben"], {"type": "message", "text": "still here"}, source_offset=300)
        assert (await quick.hear())["text"] == "still here"
        slow.socket.transport.resume_reading()


async def test_stopping_sends_who_was_not_greeted_yet_away_without_a_word() -> None:
    async with opened() as house:
        house.notifier.acknowledges = False
        async with house.dialled("ana") as client:
            await house.notifier.wait_for_user("ana")
            house.stop.set()
            with pytest.raises(ConnectionClosed, match="1012"):
                await client.hear()


async def test_stopping_tells_clients_to_reconnect_and_finishes_what_was_begun() -> None:
    async with opened() as house:
        conversation = await house.talk("ana", "ben")
        async with house.present("ana") as client:
            await client.say(type="message", conversationId=conversation, text="last words")
            await client.say(type="read", conversationId=conversation, upTo=1)
            await client.hear("accepted")
            await asyncio.sleep(0.1)
            await client.say(type="read", conversationId=conversation, upTo=2)
            await asyncio.sleep(0.1)
            house.stop.set()
            assert 0 < (await client.hear("reconnect"))["afterMs"] <= 5_000
            code, reason = await client.closed()
        assert code == 1012
        assert reason is not None
        assert reason.startswith("afterMs=")
        reads = [e for e in house.written() if e.type == "chat.event.read-moved.v1"]
        assert [read.data.up_to for read in reads] == [1, 2]
