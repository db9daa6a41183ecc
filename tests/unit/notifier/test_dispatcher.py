"""What each link is told of the partitions: given entries and interest, the messages."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.live.dispatch_entry import dispatch_entry_of
from notifier.live.dispatcher import Dispatcher
from notifier.live.link import GatewayLink, SendQueue
from notifier.live.replay_buffer import MAX_CHARACTERS, PartitionReplayBuffer
from shared.contract.entries import MEMBER_KINDS
from shared.contract.position import Position
from tests.entry_builders import EPOCH, TALK, TIME, entry, record, sent
from tests.unit.notifier.link_fixture import headers, received, subscribed_link


def dispatcher_with(*buffers: PartitionReplayBuffer, partition_count: int = 12) -> Dispatcher:
    dispatcher = Dispatcher()
    dispatcher.set_partition_count(partition_count)
    dispatcher.set_partitions(buffers)
    return dispatcher


def dispatch(
    dispatcher: Dispatcher, offset: int, source_offset: int, *audience: str, partition: int = 0
) -> None:
    dispatcher.dispatch(
        partition,
        dispatch_entry_of(record(sent(source_offset, audience, partition=partition), offset, partition)),
    )


def dispatch_member_change(
    dispatcher: Dispatcher, offset: int, source_offset: int, kind: str, *audience: str
) -> None:
    data = {
        "conversationId": TALK,
        "kind": "group",
        "title": None,
        "members": list(audience),
        "memberCount": len(audience),
        "createdAt": TIME,
        "updatedAt": TIME,
        "version": source_offset,
        "audience": list(audience),
    }
    if kind != "chat.conversation.started.v1":
        data["userId"] = "carol"
    change = entry(kind, Position(EPOCH, 0, source_offset), audience[0], data)
    dispatcher.dispatch(0, dispatch_entry_of(record(change, offset)))


def new_link(dispatcher: Dispatcher) -> GatewayLink:
    link = GatewayLink(SendQueue(1_000_000, on_overflow=lambda: None))
    dispatcher.add_link(link)
    return link


def test_a_gateway_hears_first_what_is_owned() -> None:
    dispatcher = dispatcher_with(
        PartitionReplayBuffer(3, 120, Position(EPOCH, 3, 56)), PartitionReplayBuffer(5, 0)
    )
    assert headers(new_link(dispatcher)) == [
        {
            "type": "owns",
            "count": 12,
            "partitions": {"3": {"at": 120, "covers": 57}, "5": {"at": 0, "covers": 0}},
        }
    ]


def test_nothing_is_said_to_be_owned_before_the_topic_is_known() -> None:
    dispatcher = Dispatcher()
    link = new_link(dispatcher)
    assert headers(link) == []
    dispatcher.set_partition_count(2)
    assert headers(link) == [{"type": "owns", "count": 2, "partitions": {}}]


def test_an_entry_goes_once_to_each_link_that_has_sockets_of_its_audience() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    both, one, none = (
        subscribed_link(dispatcher, "alice", "bob"),
        subscribed_link(dispatcher, "bob"),
        subscribed_link(dispatcher, "eve"),
    )
    dispatch(dispatcher, 10, 4, "alice", "bob", "carol")
    (first,), (second,) = received(both), received(one)
    assert first.header == {
        "type": "entry",
        "partition": 0,
        "after": 10,
        "upTo": 11,
        "covers": 5,
        "kind": "chat.message.sent.v1",
        "conversation": TALK,
        "users": ["alice", "bob"],
    }
    assert second.header["users"] == ["bob"]
    assert first.frame == second.frame
    assert received(none) == []


@pytest.mark.parametrize("kind", sorted(MEMBER_KINDS))
def test_an_entry_that_may_change_members_goes_to_every_link_its_frame_to_those_with_its_audience(
    kind: str,
) -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    with_bob, nobody = subscribed_link(dispatcher, "bob"), subscribed_link(dispatcher)
    dispatch_member_change(dispatcher, 10, 4, kind, "alice", "bob")
    dispatch(dispatcher, 11, 5, "alice")
    (first,), (second,) = received(with_bob), received(nobody)
    assert (first.header["users"], second.header["users"]) == (["bob"], [])
    assert first.frame is not None
    assert second.frame is None
    for each in (first, second):
        about = {name: each.header[name] for name in ("kind", "conversation", "after", "upTo", "covers")}
        assert about == {"kind": kind, "conversation": TALK, "after": 10, "upTo": 11, "covers": 5}


def test_an_entry_that_may_change_members_is_told_again_to_every_link() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    link = subscribed_link(dispatcher)
    dispatch_member_change(dispatcher, 10, 4, "chat.member.removed.v1", "alice")
    dispatch(dispatcher, 11, 5, "alice")
    headers(link)
    dispatcher.replay(link, {0: 10})
    assert entries(link) == [(10, 11, [])]


def test_stretches_without_anything_for_a_link_are_merged_into_what_comes_next() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0))
    link = subscribed_link(dispatcher, "alice")
    for offset in range(3):
        dispatch(dispatcher, offset, offset + 1, "bob")
    dispatch(dispatcher, 3, 4, "alice")
    dispatch(dispatcher, 4, 5, "bob")
    dispatcher.send_progress()
    entry, progress = headers(link)
    assert (entry["after"], entry["upTo"]) == (0, 4)
    assert progress["partitions"] == {"0": {"after": 4, "upTo": 5, "covers": 6}}


def test_progress_is_told_also_when_nothing_happened() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 7))
    link = subscribed_link(dispatcher)
    dispatcher.send_progress()
    assert headers(link) == [{"type": "progress", "partitions": {"0": {"after": 7, "upTo": 7, "covers": 0}}}]


def test_a_repeated_entry_is_not_told_again_but_its_offset_counts() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0))
    link = subscribed_link(dispatcher, "alice")
    for offset, source_offset in enumerate([1, 2, 1, 2, 3]):
        dispatch(dispatcher, offset, source_offset, "alice")
    assert [(m["after"], m["upTo"], m["covers"]) for m in headers(link)] == [(0, 1, 2), (1, 2, 3), (2, 5, 4)]


def test_a_dead_lettered_record_counts_and_covers_nothing_new() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0))
    link = subscribed_link(dispatcher, "alice")
    dispatch(dispatcher, 0, 1, "alice")
    dispatcher.skip(0, 1)
    dispatcher.send_progress()
    assert headers(link)[-1]["partitions"] == {"0": {"after": 1, "upTo": 2, "covers": 2}}


def test_an_announcement_holds_for_what_is_told_after_it_was_acknowledged() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0))
    link = subscribed_link(dispatcher)
    dispatch(dispatcher, 0, 1, "alice")
    dispatcher.subscribe(link, 2, ["alice"])
    dispatch(dispatcher, 1, 2, "alice")
    dispatcher.unsubscribe(link, 3, ["alice"])
    dispatch(dispatcher, 2, 3, "alice")
    assert [(m["type"], m.get("batch"), m.get("upTo")) for m in headers(link)] == [
        ("progress", None, None),
        ("acknowledged", 2, None),
        ("entry", None, 2),
        ("acknowledged", 3, None),
    ]


def test_no_stretch_reaches_across_an_announcement() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0), PartitionReplayBuffer(1, 0))
    link = subscribed_link(dispatcher)
    dispatch(dispatcher, 0, 1, "alice")
    dispatcher.subscribe(link, 2, ["alice"])
    dispatch(dispatcher, 1, 2, "alice")
    before, acknowledged, entry = headers(link)
    assert before["partitions"] == {"0": {"after": 0, "upTo": 1, "covers": 2}}
    assert acknowledged["type"] == "acknowledged"
    assert (entry["after"], entry["upTo"]) == (1, 2)


def test_a_change_of_assignment_is_told_after_what_was_told_of_the_old_one() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0), PartitionReplayBuffer(1, 0))
    link = subscribed_link(dispatcher, "alice")
    dispatch(dispatcher, 0, 1, "bob")
    dispatcher.set_partitions(())
    dispatcher.set_partitions([PartitionReplayBuffer(1, 5)])
    progress, nothing, one = headers(link)
    assert progress["partitions"]["0"] == {"after": 0, "upTo": 1, "covers": 2}
    assert nothing == {"type": "owns", "count": 12, "partitions": {}}
    assert one == {"type": "owns", "count": 12, "partitions": {"1": {"at": 5, "covers": 0}}}


def test_records_that_kafka_lost_are_a_gap_that_gateways_see() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    link = subscribed_link(dispatcher, "alice")
    dispatch(dispatcher, 20, 9, "alice")
    _, owns, entry = headers(link)
    assert owns["partitions"] == {"0": {"at": 20, "covers": 0}}
    assert (entry["after"], entry["upTo"]) == (20, 21)


def entries(link: GatewayLink) -> list[tuple[int, int, list[str]]]:
    messages = [each for each in headers(link) if each["type"] == "entry"]
    return [(each["after"], each["upTo"], each["users"]) for each in messages]


def test_who_asks_is_told_again_what_was_for_its_users_and_then_goes_on() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    asking, other = subscribed_link(dispatcher, "alice"), subscribed_link(dispatcher, "alice", "bob")
    for offset, audience in enumerate(["alice", "bob", "alice"], start=10):
        dispatch(dispatcher, offset, offset, audience)
    before = headers(asking), headers(other)
    assert all(before)
    dispatcher.replay(asking, {0: 10})
    *_, progress = messages = headers(asking)
    assert [(each["after"], each["upTo"]) for each in messages[:-1]] == [(10, 11), (11, 13)]
    assert progress["partitions"] == {"0": {"after": 13, "upTo": 13, "covers": 13}}
    dispatch(dispatcher, 13, 13, "alice")
    assert entries(asking) == [(13, 14, ["alice"])]
    assert entries(other) == [(13, 14, ["alice"])]


def test_what_follows_begins_where_the_telling_again_ended() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    link = subscribed_link(dispatcher, "alice")
    dispatch(dispatcher, 10, 3, "bob")
    dispatcher.replay(link, {0: 10})
    assert headers(link)[-1]["partitions"]["0"] == {"after": 10, "upTo": 11, "covers": 4}
    dispatch(dispatcher, 11, 4, "alice")
    assert entries(link) == [(11, 12, ["alice"])]


def test_who_is_announced_now_is_told_again_what_came_before() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    link = subscribed_link(dispatcher)
    dispatch(dispatcher, 10, 4, "alice")
    dispatcher.subscribe(link, 2, ["alice"])
    headers(link)
    dispatcher.replay(link, {0: 10})
    assert entries(link) == [(10, 11, ["alice"])]


def test_what_is_not_kept_any_more_is_said_to_be_lost() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10), PartitionReplayBuffer(1, 0))
    link = subscribed_link(dispatcher, "alice")
    dispatch(dispatcher, 10, 3, "bob")
    dispatcher.replay(link, {0: 9, 7: 3})
    assert headers(link) == [{"type": "gap", "partitions": {"0": {"at": 11, "covers": 4}}}]
    dispatch(dispatcher, 11, 4, "alice")
    assert entries(link) == [(11, 12, ["alice"])]


def test_who_heard_more_than_was_told_here_is_told_on_in_time() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    link = subscribed_link(dispatcher, "alice")
    dispatcher.replay(link, {0: 12})
    nothing = {"after": 10, "upTo": 10, "covers": 0}
    assert headers(link) == [{"type": "progress", "partitions": {"0": nothing}}]
    dispatch(dispatcher, 10, 4, "alice")
    assert entries(link) == [(10, 11, ["alice"])]


def test_the_ring_keeps_the_newest_and_knows_how_far_it_reaches() -> None:
    buffer = PartitionReplayBuffer(0, 0)
    entries = [dispatch_entry_of(record(sent(n, text="x" * 8_000), n, 0)) for n in range(300)]
    for dispatch_entry in entries:
        buffer.advance(dispatch_entry.offset)
        buffer.accept_if_new(dispatch_entry)
    kept = list(buffer.since(buffer.oldest))
    assert 0 < buffer.oldest < 300
    assert kept == entries[buffer.oldest :]
    assert MAX_CHARACTERS - 10_000 < sum(entry.size for entry in kept) <= MAX_CHARACTERS


def test_nothing_is_kept_of_what_lies_before_a_hole() -> None:
    buffer = PartitionReplayBuffer(0, 0)
    buffer.advance(0)
    buffer.accept_if_new(dispatch_entry_of(record(sent(1), 0)))
    buffer.skip_to(10)
    assert (buffer.next_offset, buffer.oldest, list(buffer.since(0))) == (10, 10, [])


def test_a_link_that_has_trouble_to_follow_is_not_told_again() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    link = subscribed_link(dispatcher, "alice", limit=10_000)
    dispatch(dispatcher, 10, 4, "alice")
    headers(link)
    link.queue.put(json.dumps({"type": "much", "more": "x" * 6_000}))
    dispatcher.replay(link, {0: 10})
    assert [each["type"] for each in headers(link)] == ["much", "gap"]


def test_another_log_is_not_taken_for_a_repetition() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0, Position("f" * 16, 0, 1_000)))
    link = subscribed_link(dispatcher, "alice")
    dispatch(dispatcher, 0, 1, "alice")
    assert [m["covers"] for m in headers(link)] == [2]


def test_a_link_that_left_is_told_nothing_more() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0))
    link = subscribed_link(dispatcher, "alice")
    dispatcher.remove_link(link)
    dispatch(dispatcher, 0, 1, "alice")
    dispatcher.send_progress()
    assert received(link) == []
    assert not dispatcher.links


AUDIENCES = st.lists(st.sampled_from([("alice",), ("bob",), ("alice", "bob"), ("carol",)]), max_size=30)


@given(audiences=AUDIENCES, progress_after=st.sets(st.integers(0, 30)), repeats=st.sets(st.integers(1, 29)))
def test_stretches_have_neither_hole_nor_overlap_whenever_progress_is_told(
    audiences: list[tuple[str, ...]], progress_after: set[int], repeats: set[int]
) -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 100))
    link = subscribed_link(dispatcher, "alice")
    source_offset, expected_entries = 0, 0
    for offset, audience in enumerate(audiences):
        if offset not in repeats:
            source_offset += 1
            expected_entries += "alice" in audience
        dispatch(dispatcher, 100 + offset, max(source_offset, 1), *audience)
        if offset in progress_after:
            dispatcher.send_progress()
    dispatcher.send_progress()
    next_offset, entries = 100, 0
    for header in headers(link):
        entries += header["type"] == "entry"
        offset_range = header if header["type"] == "entry" else header["partitions"]["0"]
        assert offset_range["after"] == next_offset
        assert offset_range["upTo"] >= next_offset + (header["type"] == "entry")
        next_offset = offset_range["upTo"]
    assert next_offset == 100 + len(audiences)
    assert entries == expected_entries
