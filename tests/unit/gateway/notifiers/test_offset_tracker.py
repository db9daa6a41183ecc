"""How far a gateway was delivered entries, and which ranges are duplicates or beyond a gap."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.notifiers.offset_tracker import Delivery, OffsetTracker


def deliveries(*ranges: tuple[int, int]) -> list[Delivery]:
    tracker = OffsetTracker()
    tracker.assign(0, 10, 0)
    return [tracker.advance(0, start, end, 0) for start, end in ranges]


def test_a_range_that_continues_is_next() -> None:
    assert deliveries((10, 11), (11, 15)) == [Delivery.NEXT, Delivery.NEXT]


def test_a_range_that_was_delivered_is_a_duplicate() -> None:
    assert deliveries((10, 12), (10, 11), (11, 12), (12, 12)) == [Delivery.NEXT, *[Delivery.DUPLICATE] * 3]


def test_a_range_that_overlaps_is_next() -> None:
    assert deliveries((10, 12), (11, 14), (14, 15)) == [Delivery.NEXT] * 3


def test_a_range_beyond_a_missing_one_is_a_gap_until_that_is_delivered() -> None:
    gap, following = Delivery.GAP, Delivery.NEXT
    assert deliveries((11, 12), (12, 13), (10, 12), (12, 13)) == [gap, gap, following, following]


def test_an_empty_range_beyond_the_next_offset_is_a_gap() -> None:
    assert deliveries((12, 12), (10, 12)) == [Delivery.GAP, Delivery.NEXT]


def test_records_that_cannot_be_replayed_are_skipped() -> None:
    tracker = OffsetTracker()
    tracker.assign(0, 10, 5)
    assert tracker.advance(0, 20, 21, 9) is Delivery.GAP
    assert tracker.source_offset(0) == 5
    tracker.skip_to(0, 20, 8)
    assert tracker.advance(0, 20, 21, 9) is Delivery.NEXT
    assert tracker.source_offset(0) == 9


def test_the_first_owner_is_no_gap_and_a_later_one_beyond_the_next_offset_is() -> None:
    tracker = OffsetTracker()
    assert tracker.assign(0, 10, 5) is Delivery.DUPLICATE
    assert tracker.assign(0, 9, 4) is Delivery.DUPLICATE
    assert tracker.assign(0, 11, 6) is Delivery.GAP
    assert tracker.next_offsets == {0: 10}


def test_partitions_are_apart_and_a_source_offset_never_falls() -> None:
    tracker = OffsetTracker()
    tracker.assign(0, 10, 7)
    tracker.assign(1, 0, 0)
    tracker.advance(0, 10, 11, 3)
    assert (tracker.source_offset(0), tracker.source_offset(1), tracker.source_offset(2)) == (7, 0, 0)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5))))
def test_every_offset_below_the_next_one_was_delivered(ranges: list[tuple[int, int]]) -> None:
    tracker, delivered = OffsetTracker(), set[int]()
    tracker.assign(0, 0, 0)
    for start, length in ranges:
        if tracker.advance(0, start, start + length, 0) is not Delivery.GAP:
            delivered |= set(range(start, start + length))
        assert delivered >= set(range(tracker.next_offsets[0]))
