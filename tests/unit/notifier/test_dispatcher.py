"""Given entries and subscriptions, the messages that each link receives."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.live.dispatch_entry import DispatchEntry
from notifier.live.dispatcher import Dispatcher
from notifier.live.link import GatewayLink, SendQueue
from notifier.live.replay_buffer import MAX_CHARACTERS, PartitionReplayBuffer
from shared.contract.entries import MEMBER_ENTRY_TYPES
from shared.contract.position import Position
from tests.fixtures.entry_builders import EPOCH, TALK, TIME, entry, record, revoked, sent
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
        DispatchEntry.from_record(
            record(sent(source_offset, audience, partition=partition), offset, partition)
        ),
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
    dispatcher.dispatch(0, DispatchEntry.from_record(record(change, offset)))


def new_link(dispatcher: Dispatcher) -> GatewayLink:
    link = GatewayLink(SendQueue(1_000_000, on_overflow=lambda: None))
    dispatcher.add_link(link)
    return link


def test_a_new_link_first_receives_the_assigned_partitions() -> None:
    dispatcher = dispatcher_with(
        PartitionReplayBuffer(3, 120, Position(EPOCH, 3, 56)), PartitionReplayBuffer(5, 0)
    )
    assert headers(new_link(dispatcher)) == [
        {
            "type": "assigned",
            "partitionCount": 12,
            "partitions": {
                "3": {"nextOffset": 120, "sourceOffset": 57},
                "5": {"nextOffset": 0, "sourceOffset": 0},
            },
        }
    ]


def test_no_assignment_is_announced_before_the_topic_is_known() -> None:
    dispatcher = Dispatcher()
    link = new_link(dispatcher)
    assert headers(link) == []
    dispatcher.set_partition_count(2)
    assert headers(link) == [{"type": "assigned", "partitionCount": 2, "partitions": {}}]


def test_an_entry_goes_once_to_each_link_that_subscribed_its_audience() -> None:
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
        "start": 10,
        "end": 11,
        "sourceOffset": 5,
        "kind": "chat.message.sent.v1",
        "conversation": TALK,
        "users": ["alice", "bob"],
        "acceptedAt": datetime.fromisoformat(TIME).timestamp(),
    }
    assert second.header["users"] == ["bob"]
    assert first.frame == second.frame
    assert received(none) == []


@pytest.mark.parametrize("kind", sorted(MEMBER_ENTRY_TYPES))
def test_an_entry_that_may_change_members_goes_to_every_link_its_frame_to_those_with_its_audience(
    kind: str,
) -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    with_bob, without_users = subscribed_link(dispatcher, "bob"), subscribed_link(dispatcher)
    dispatch_member_change(dispatcher, 10, 4, kind, "alice", "bob")
    dispatch(dispatcher, 11, 5, "alice")
    (first,), (second,) = received(with_bob), received(without_users)
    assert (first.header["users"], second.header["users"]) == (["bob"], [])
    assert first.frame is not None
    assert second.frame is None
    for message in (first, second):
        about = {
            name: message.header[name] for name in ("kind", "conversation", "start", "end", "sourceOffset")
        }
        assert about == {"kind": kind, "conversation": TALK, "start": 10, "end": 11, "sourceOffset": 5}


def test_an_entry_that_may_change_members_is_replayed_to_every_link() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    link = subscribed_link(dispatcher)
    dispatch_member_change(dispatcher, 10, 4, "chat.member.removed.v1", "alice")
    dispatch(dispatcher, 11, 5, "alice")
    headers(link)
    dispatcher.replay(link, {0: 10})
    assert entries(link) == [(10, 11, [])]


def test_a_revocation_goes_to_every_link_and_is_replayed_to_every_link() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    links = [subscribed_link(dispatcher, "bob"), subscribed_link(dispatcher)]
    dispatcher.dispatch(0, DispatchEntry.from_record(record(revoked(4, "carol"), 10)))
    expected = {
        "type": "revocation",
        "partition": 0,
        "start": 10,
        "end": 11,
        "sourceOffset": 5,
        "user": "carol",
        "revokedAt": TIME,
    }
    for link in links:
        assert headers(link) == [expected]
        dispatcher.replay(link, {0: 10})
        assert headers(link)[0] == expected


def test_ranges_without_anything_for_a_link_are_merged_into_the_next() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0))
    link = subscribed_link(dispatcher, "alice")
    for offset in range(3):
        dispatch(dispatcher, offset, offset + 1, "bob")
    dispatch(dispatcher, 3, 4, "alice")
    dispatch(dispatcher, 4, 5, "bob")
    dispatcher.send_progress()
    entry, progress = headers(link)
    assert (entry["start"], entry["end"]) == (0, 4)
    assert progress["partitions"] == {"0": {"start": 4, "end": 5, "sourceOffset": 6}}


def test_progress_is_sent_also_when_nothing_happened() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 7))
    link = subscribed_link(dispatcher)
    dispatcher.send_progress()
    assert headers(link) == [
        {"type": "progress", "partitions": {"0": {"start": 7, "end": 7, "sourceOffset": 0}}}
    ]


def test_a_repeated_entry_is_not_dispatched_again_but_its_offset_counts() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0))
    link = subscribed_link(dispatcher, "alice")
    for offset, source_offset in enumerate([1, 2, 1, 2, 3]):
        dispatch(dispatcher, offset, source_offset, "alice")
    assert [(m["start"], m["end"], m["sourceOffset"]) for m in headers(link)] == [
        (0, 1, 2),
        (1, 2, 3),
        (2, 5, 4),
    ]


def test_a_dead_letter_advances_the_offset_and_not_the_source_offset() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0))
    link = subscribed_link(dispatcher, "alice")
    dispatch(dispatcher, 0, 1, "alice")
    dispatcher.skip(0, 1)
    dispatcher.send_progress()
    assert headers(link)[-1]["partitions"] == {"0": {"start": 1, "end": 2, "sourceOffset": 2}}


def test_a_subscription_holds_for_entries_dispatched_after_its_acknowledgement() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0))
    link = subscribed_link(dispatcher)
    dispatch(dispatcher, 0, 1, "alice")
    dispatcher.subscribe(link, 2, ["alice"])
    dispatch(dispatcher, 1, 2, "alice")
    dispatcher.unsubscribe(link, 3, ["alice"])
    dispatch(dispatcher, 2, 3, "alice")
    assert [(m["type"], m.get("batch"), m.get("end")) for m in headers(link)] == [
        ("progress", None, None),
        ("acknowledged", 2, None),
        ("entry", None, 2),
        ("acknowledged", 3, None),
    ]


def test_no_range_spans_a_subscription() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0), PartitionReplayBuffer(1, 0))
    link = subscribed_link(dispatcher)
    dispatch(dispatcher, 0, 1, "alice")
    dispatcher.subscribe(link, 2, ["alice"])
    dispatch(dispatcher, 1, 2, "alice")
    before, acknowledged, entry = headers(link)
    assert before["partitions"] == {"0": {"start": 0, "end": 1, "sourceOffset": 2}}
    assert acknowledged["type"] == "acknowledged"
    assert (entry["start"], entry["end"]) == (1, 2)


def test_an_assignment_is_announced_after_the_progress_of_the_one_before() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0), PartitionReplayBuffer(1, 0))
    link = subscribed_link(dispatcher, "alice")
    dispatch(dispatcher, 0, 1, "bob")
    dispatcher.set_partitions(())
    dispatcher.set_partitions([PartitionReplayBuffer(1, 5)])
    progress, nothing, one = headers(link)
    assert progress["partitions"]["0"] == {"start": 0, "end": 1, "sourceOffset": 2}
    assert nothing == {"type": "assigned", "partitionCount": 12, "partitions": {}}
    assert one == {
        "type": "assigned",
        "partitionCount": 12,
        "partitions": {"1": {"nextOffset": 5, "sourceOffset": 0}},
    }


def test_records_that_kafka_deleted_are_a_gap_to_gateways() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    link = subscribed_link(dispatcher, "alice")
    dispatch(dispatcher, 20, 9, "alice")
    _, owns, entry = headers(link)
    assert owns["partitions"] == {"0": {"nextOffset": 20, "sourceOffset": 0}}
    assert (entry["start"], entry["end"]) == (20, 21)


def entries(link: GatewayLink) -> list[tuple[int, int, list[str]]]:
    messages = [message for message in headers(link) if message["type"] == "entry"]
    return [(message["start"], message["end"], message["users"]) for message in messages]


def test_a_replay_holds_the_entries_of_its_users_and_then_dispatch_continues() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    asking, other = subscribed_link(dispatcher, "alice"), subscribed_link(dispatcher, "alice", "bob")
    for offset, audience in enumerate(["alice", "bob", "alice"], start=10):
        dispatch(dispatcher, offset, offset, audience)
    before = headers(asking), headers(other)
    assert all(before)
    dispatcher.replay(asking, {0: 10})
    *_, progress = messages = headers(asking)
    assert [(message["start"], message["end"]) for message in messages[:-1]] == [(10, 11), (11, 13)]
    assert progress["partitions"] == {"0": {"start": 13, "end": 13, "sourceOffset": 13}}
    dispatch(dispatcher, 13, 13, "alice")
    assert entries(asking) == [(13, 14, ["alice"])]
    assert entries(other) == [(13, 14, ["alice"])]


def test_the_range_after_a_replay_starts_where_it_ended() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    link = subscribed_link(dispatcher, "alice")
    dispatch(dispatcher, 10, 3, "bob")
    dispatcher.replay(link, {0: 10})
    assert headers(link)[-1]["partitions"]["0"] == {"start": 10, "end": 11, "sourceOffset": 4}
    dispatch(dispatcher, 11, 4, "alice")
    assert entries(link) == [(11, 12, ["alice"])]


def test_a_replay_is_for_the_users_subscribed_by_now() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    link = subscribed_link(dispatcher)
    dispatch(dispatcher, 10, 4, "alice")
    dispatcher.subscribe(link, 2, ["alice"])
    headers(link)
    dispatcher.replay(link, {0: 10})
    assert entries(link) == [(10, 11, ["alice"])]


def test_a_replay_from_before_the_buffer_is_answered_by_a_gap() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10), PartitionReplayBuffer(1, 0))
    link = subscribed_link(dispatcher, "alice")
    dispatch(dispatcher, 10, 3, "bob")
    dispatcher.replay(link, {0: 9, 7: 3})
    assert headers(link) == [{"type": "gap", "partitions": {"0": {"nextOffset": 11, "sourceOffset": 4}}}]
    dispatch(dispatcher, 11, 4, "alice")
    assert entries(link) == [(11, 12, ["alice"])]


def test_a_replay_from_beyond_the_newest_offset_continues_there_in_time() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    link = subscribed_link(dispatcher, "alice")
    dispatcher.replay(link, {0: 12})
    nothing = {"start": 10, "end": 10, "sourceOffset": 0}
    assert headers(link) == [{"type": "progress", "partitions": {"0": nothing}}]
    dispatch(dispatcher, 10, 4, "alice")
    assert entries(link) == [(10, 11, ["alice"])]


def test_a_replay_buffer_keeps_the_newest_entries_and_its_oldest_offset() -> None:
    buffer = PartitionReplayBuffer(0, 0)
    entries = [DispatchEntry.from_record(record(sent(n, text="x" * 8_000), n, 0)) for n in range(300)]
    for dispatch_entry in entries:
        buffer.advance(dispatch_entry.offset)
        buffer.accept_if_new(dispatch_entry)
    kept = list(buffer.since(buffer.oldest))
    assert 0 < buffer.oldest < 300
    assert kept == entries[buffer.oldest :]
    assert MAX_CHARACTERS - 10_000 < sum(entry.size for entry in kept) <= MAX_CHARACTERS


def test_a_replay_buffer_keeps_nothing_from_before_a_gap() -> None:
    buffer = PartitionReplayBuffer(0, 0)
    buffer.advance(0)
    buffer.accept_if_new(DispatchEntry.from_record(record(sent(1), 0)))
    buffer.skip_to(10)
    assert (buffer.next_offset, buffer.oldest, list(buffer.since(0))) == (10, 10, [])


def test_a_replay_on_a_congested_link_is_answered_by_a_gap() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 10))
    link = subscribed_link(dispatcher, "alice", limit=10_000)
    dispatch(dispatcher, 10, 4, "alice")
    headers(link)
    link.queue.put(json.dumps({"type": "large", "padding": "x" * 6_000}))
    dispatcher.replay(link, {0: 10})
    assert [message["type"] for message in headers(link)] == ["large", "gap"]


def test_an_event_of_another_log_is_no_repetition() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0, Position("f" * 16, 0, 1_000)))
    link = subscribed_link(dispatcher, "alice")
    dispatch(dispatcher, 0, 1, "alice")
    assert [m["sourceOffset"] for m in headers(link)] == [2]


def test_a_removed_link_receives_nothing_more() -> None:
    dispatcher = dispatcher_with(PartitionReplayBuffer(0, 0))
    link = subscribed_link(dispatcher, "alice")
    dispatcher.remove_link(link)
    dispatch(dispatcher, 0, 1, "alice")
    dispatcher.send_progress()
    assert received(link) == []
    assert not dispatcher.links


AUDIENCES = st.lists(st.sampled_from([("alice",), ("bob",), ("alice", "bob"), ("carol",)]), max_size=30)


@given(audiences=AUDIENCES, progress_after=st.sets(st.integers(0, 30)), repeats=st.sets(st.integers(1, 29)))
def test_ranges_have_neither_gap_nor_overlap_whenever_progress_is_sent(
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
        assert offset_range["start"] == next_offset
        assert offset_range["end"] >= next_offset + (header["type"] == "entry")
        next_offset = offset_range["end"]
    assert next_offset == 100 + len(audiences)
    assert entries == expected_entries
