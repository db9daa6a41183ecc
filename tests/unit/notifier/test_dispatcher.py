"""What each link is told of the partitions: given entries and interest, the messages."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.live.dispatch_entry import notice_of
from notifier.live.dispatcher import Switchboard
from notifier.live.link import Link, Outbox
from notifier.live.replay_buffer import RING, Stream
from shared.contract.entries import MEMBER_ENTRY_TYPES
from shared.contract.position import Position
from tests.entry_builders import EPOCH, TALK, TIME, entry, record, sent
from tests.unit.notifier.link_fixture import headers, linked, told


def owning(*streams: Stream, count: int = 12) -> Switchboard:
    switchboard = Switchboard()
    switchboard.open(count)
    switchboard.own(streams)
    return switchboard


def tell(switchboard: Switchboard, offset: int, place: int, *audience: str, partition: int = 0) -> None:
    switchboard.tell(
        partition, notice_of(record(sent(place, audience, partition=partition), offset, partition))
    )


def tell_change(switchboard: Switchboard, offset: int, place: int, kind: str, *audience: str) -> None:
    data = {
        "conversationId": TALK,
        "kind": "group",
        "title": None,
        "members": list(audience),
        "memberCount": len(audience),
        "createdAt": TIME,
        "updatedAt": TIME,
        "version": place,
        "audience": list(audience),
    }
    if kind != "chat.conversation.started.v1":
        data["userId"] = "carol"
    change = entry(kind, Position(EPOCH, 0, place), audience[0], data)
    switchboard.tell(0, notice_of(record(change, offset)))


def joined(switchboard: Switchboard) -> Link:
    link = Link(Outbox(1_000_000, cut=lambda: None))
    switchboard.join(link)
    return link


def test_a_gateway_hears_first_what_is_owned() -> None:
    switchboard = owning(Stream(3, 120, Position(EPOCH, 3, 56)), Stream(5, 0))
    assert headers(joined(switchboard)) == [
        {
            "type": "owns",
            "count": 12,
            "partitions": {"3": {"at": 120, "covers": 57}, "5": {"at": 0, "covers": 0}},
        }
    ]


def test_nothing_is_said_to_be_owned_before_the_topic_is_known() -> None:
    switchboard = Switchboard()
    link = joined(switchboard)
    assert headers(link) == []
    switchboard.open(2)
    assert headers(link) == [{"type": "owns", "count": 2, "partitions": {}}]


def test_an_entry_goes_once_to_each_link_that_has_sockets_of_its_audience() -> None:
    switchboard = owning(Stream(0, 10))
    both, one, none = (
        linked(switchboard, "alice", "bob"),
        linked(switchboard, "bob"),
        linked(switchboard, "eve"),
    )
    tell(switchboard, 10, 4, "alice", "bob", "carol")
    (first,), (second,) = told(both), told(one)
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
    assert told(none) == []


@pytest.mark.parametrize("kind", sorted(MEMBER_ENTRY_TYPES))
def test_an_entry_that_may_change_members_goes_to_every_link_its_frame_to_those_with_its_audience(
    kind: str,
) -> None:
    switchboard = owning(Stream(0, 10))
    with_bob, nobody = linked(switchboard, "bob"), linked(switchboard)
    tell_change(switchboard, 10, 4, kind, "alice", "bob")
    tell(switchboard, 11, 5, "alice")
    (first,), (second,) = told(with_bob), told(nobody)
    assert (first.header["users"], second.header["users"]) == (["bob"], [])
    assert first.frame is not None
    assert second.frame is None
    for each in (first, second):
        about = {name: each.header[name] for name in ("kind", "conversation", "after", "upTo", "covers")}
        assert about == {"kind": kind, "conversation": TALK, "after": 10, "upTo": 11, "covers": 5}


def test_an_entry_that_may_change_members_is_told_again_to_every_link() -> None:
    switchboard = owning(Stream(0, 10))
    link = linked(switchboard)
    tell_change(switchboard, 10, 4, "chat.member.removed.v1", "alice")
    tell(switchboard, 11, 5, "alice")
    headers(link)
    switchboard.replay(link, {0: 10})
    assert entries(link) == [(10, 11, [])]


def test_stretches_without_anything_for_a_link_are_merged_into_what_comes_next() -> None:
    switchboard = owning(Stream(0, 0))
    link = linked(switchboard, "alice")
    for offset in range(3):
        tell(switchboard, offset, offset + 1, "bob")
    tell(switchboard, 3, 4, "alice")
    tell(switchboard, 4, 5, "bob")
    switchboard.progress()
    entry, progress = headers(link)
    assert (entry["after"], entry["upTo"]) == (0, 4)
    assert progress["partitions"] == {"0": {"after": 4, "upTo": 5, "covers": 6}}


def test_progress_is_told_also_when_nothing_happened() -> None:
    switchboard = owning(Stream(0, 7))
    link = linked(switchboard)
    switchboard.progress()
    assert headers(link) == [{"type": "progress", "partitions": {"0": {"after": 7, "upTo": 7, "covers": 0}}}]


def test_a_repeated_entry_is_not_told_again_but_its_offset_counts() -> None:
    switchboard = owning(Stream(0, 0))
    link = linked(switchboard, "alice")
    for offset, place in enumerate([1, 2, 1, 2, 3]):
        tell(switchboard, offset, place, "alice")
    assert [(m["after"], m["upTo"], m["covers"]) for m in headers(link)] == [(0, 1, 2), (1, 2, 3), (2, 5, 4)]


def test_a_dead_lettered_record_counts_and_covers_nothing_new() -> None:
    switchboard = owning(Stream(0, 0))
    link = linked(switchboard, "alice")
    tell(switchboard, 0, 1, "alice")
    switchboard.skip(0, 1)
    switchboard.progress()
    assert headers(link)[-1]["partitions"] == {"0": {"after": 1, "upTo": 2, "covers": 2}}


def test_an_announcement_holds_for_what_is_told_after_it_was_acknowledged() -> None:
    switchboard = owning(Stream(0, 0))
    link = linked(switchboard)
    tell(switchboard, 0, 1, "alice")
    switchboard.announce(link, 2, ["alice"])
    tell(switchboard, 1, 2, "alice")
    switchboard.withdraw(link, 3, ["alice"])
    tell(switchboard, 2, 3, "alice")
    assert [(m["type"], m.get("batch"), m.get("upTo")) for m in headers(link)] == [
        ("progress", None, None),
        ("acknowledged", 2, None),
        ("entry", None, 2),
        ("acknowledged", 3, None),
    ]


def test_no_stretch_reaches_across_an_announcement() -> None:
    switchboard = owning(Stream(0, 0), Stream(1, 0))
    link = linked(switchboard)
    tell(switchboard, 0, 1, "alice")
    switchboard.announce(link, 2, ["alice"])
    tell(switchboard, 1, 2, "alice")
    before, acknowledged, entry = headers(link)
    assert before["partitions"] == {"0": {"after": 0, "upTo": 1, "covers": 2}}
    assert acknowledged["type"] == "acknowledged"
    assert (entry["after"], entry["upTo"]) == (1, 2)


def test_a_change_of_assignment_is_told_after_what_was_told_of_the_old_one() -> None:
    switchboard = owning(Stream(0, 0), Stream(1, 0))
    link = linked(switchboard, "alice")
    tell(switchboard, 0, 1, "bob")
    switchboard.own(())
    switchboard.own([Stream(1, 5)])
    progress, nothing, one = headers(link)
    assert progress["partitions"]["0"] == {"after": 0, "upTo": 1, "covers": 2}
    assert nothing == {"type": "owns", "count": 12, "partitions": {}}
    assert one == {"type": "owns", "count": 12, "partitions": {"1": {"at": 5, "covers": 0}}}


def test_records_that_kafka_lost_are_a_gap_that_gateways_see() -> None:
    switchboard = owning(Stream(0, 10))
    link = linked(switchboard, "alice")
    tell(switchboard, 20, 9, "alice")
    _, owns, entry = headers(link)
    assert owns["partitions"] == {"0": {"at": 20, "covers": 0}}
    assert (entry["after"], entry["upTo"]) == (20, 21)


def entries(link: Link) -> list[tuple[int, int, list[str]]]:
    said = [each for each in headers(link) if each["type"] == "entry"]
    return [(each["after"], each["upTo"], each["users"]) for each in said]


def test_who_asks_is_told_again_what_was_for_its_users_and_then_goes_on() -> None:
    switchboard = owning(Stream(0, 10))
    asking, other = linked(switchboard, "alice"), linked(switchboard, "alice", "bob")
    for offset, audience in enumerate(["alice", "bob", "alice"], start=10):
        tell(switchboard, offset, offset, audience)
    before = headers(asking), headers(other)
    assert all(before)
    switchboard.replay(asking, {0: 10})
    *_, progress = said = headers(asking)
    assert [(each["after"], each["upTo"]) for each in said[:-1]] == [(10, 11), (11, 13)]
    assert progress["partitions"] == {"0": {"after": 13, "upTo": 13, "covers": 13}}
    tell(switchboard, 13, 13, "alice")
    assert entries(asking) == [(13, 14, ["alice"])]
    assert entries(other) == [(13, 14, ["alice"])]


def test_what_follows_begins_where_the_telling_again_ended() -> None:
    switchboard = owning(Stream(0, 10))
    link = linked(switchboard, "alice")
    tell(switchboard, 10, 3, "bob")
    switchboard.replay(link, {0: 10})
    assert headers(link)[-1]["partitions"]["0"] == {"after": 10, "upTo": 11, "covers": 4}
    tell(switchboard, 11, 4, "alice")
    assert entries(link) == [(11, 12, ["alice"])]


def test_who_is_announced_now_is_told_again_what_came_before() -> None:
    switchboard = owning(Stream(0, 10))
    link = linked(switchboard)
    tell(switchboard, 10, 4, "alice")
    switchboard.announce(link, 2, ["alice"])
    headers(link)
    switchboard.replay(link, {0: 10})
    assert entries(link) == [(10, 11, ["alice"])]


def test_what_is_not_kept_any_more_is_said_to_be_lost() -> None:
    switchboard = owning(Stream(0, 10), Stream(1, 0))
    link = linked(switchboard, "alice")
    tell(switchboard, 10, 3, "bob")
    switchboard.replay(link, {0: 9, 7: 3})
    assert headers(link) == [{"type": "gap", "partitions": {"0": {"at": 11, "covers": 4}}}]
    tell(switchboard, 11, 4, "alice")
    assert entries(link) == [(11, 12, ["alice"])]


def test_who_heard_more_than_was_told_here_is_told_on_in_time() -> None:
    switchboard = owning(Stream(0, 10))
    link = linked(switchboard, "alice")
    switchboard.replay(link, {0: 12})
    nothing = {"after": 10, "upTo": 10, "covers": 0}
    assert headers(link) == [{"type": "progress", "partitions": {"0": nothing}}]
    tell(switchboard, 10, 4, "alice")
    assert entries(link) == [(10, 11, ["alice"])]


def test_the_ring_keeps_the_newest_and_knows_how_far_it_reaches() -> None:
    stream = Stream(0, 0)
    notices = [notice_of(record(sent(n, text="x" * 8_000), n, 0)) for n in range(300)]
    for notice in notices:
        stream.advance(notice.offset)
        stream.admits(notice)
    kept = list(stream.since(stream.reaches))
    assert 0 < stream.reaches < 300
    assert kept == notices[stream.reaches :]
    assert RING - 10_000 < sum(notice.size for notice in kept) <= RING


def test_nothing_is_kept_of_what_lies_before_a_hole() -> None:
    stream = Stream(0, 0)
    stream.advance(0)
    stream.admits(notice_of(record(sent(1), 0)))
    stream.skip_to(10)
    assert (stream.at, stream.reaches, list(stream.since(0))) == (10, 10, [])


def test_a_link_that_has_trouble_to_follow_is_not_told_again() -> None:
    switchboard = owning(Stream(0, 10))
    link = linked(switchboard, "alice", limit=10_000)
    tell(switchboard, 10, 4, "alice")
    headers(link)
    link.outbox.put(json.dumps({"type": "much", "more": "x" * 6_000}))
    switchboard.replay(link, {0: 10})
    assert [each["type"] for each in headers(link)] == ["much", "gap"]


def test_another_log_is_not_taken_for_a_repetition() -> None:
    switchboard = owning(Stream(0, 0, Position("f" * 16, 0, 1_000)))
    link = linked(switchboard, "alice")
    tell(switchboard, 0, 1, "alice")
    assert [m["covers"] for m in headers(link)] == [2]


def test_a_link_that_left_is_told_nothing_more() -> None:
    switchboard = owning(Stream(0, 0))
    link = linked(switchboard, "alice")
    switchboard.leave(link)
    tell(switchboard, 0, 1, "alice")
    switchboard.progress()
    assert told(link) == []
    assert not switchboard.links


AUDIENCES = st.lists(st.sampled_from([("alice",), ("bob",), ("alice", "bob"), ("carol",)]), max_size=30)


@given(audiences=AUDIENCES, beats=st.sets(st.integers(0, 30)), repeats=st.sets(st.integers(1, 29)))
def test_stretches_have_neither_hole_nor_overlap_whenever_progress_is_told(
    audiences: list[tuple[str, ...]], beats: set[int], repeats: set[int]
) -> None:
    switchboard = owning(Stream(0, 100))
    link = linked(switchboard, "alice")
    place, mine = 0, 0
    for offset, audience in enumerate(audiences):
        if offset not in repeats:
            place += 1
            mine += "alice" in audience
        tell(switchboard, 100 + offset, max(place, 1), *audience)
        if offset in beats:
            switchboard.progress()
    switchboard.progress()
    at, entries = 100, 0
    for header in headers(link):
        entries += header["type"] == "entry"
        stretch = header if header["type"] == "entry" else header["partitions"]["0"]
        assert stretch["after"] == at
        assert stretch["upTo"] >= at + (header["type"] == "entry")
        at = stretch["upTo"]
    assert at == 100 + len(audiences)
    assert entries == mine
