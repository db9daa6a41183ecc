"""How far a gateway was told, and what was left out."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.notifiers.offset_tracker import Stretches, Taken


def told(*stretches: tuple[int, int]) -> list[Taken]:
    known = Stretches()
    known.begin(0, 10, 0)
    return [known.take(0, after, up_to, 0) for after, up_to in stretches]


def test_what_continues_is_next() -> None:
    assert told((10, 11), (11, 15)) == [Taken.NEXT, Taken.NEXT]


def test_what_was_told_is_known() -> None:
    assert told((10, 12), (10, 11), (11, 12), (12, 12)) == [Taken.NEXT, *[Taken.KNOWN] * 3]


def test_what_overlaps_is_next() -> None:
    assert told((10, 12), (11, 14), (14, 15)) == [Taken.NEXT] * 3


def test_what_left_something_out_is_a_gap_until_it_is_told() -> None:
    assert told((11, 12), (12, 13), (10, 12), (12, 13)) == [Taken.GAP, Taken.GAP, Taken.NEXT, Taken.NEXT]


def test_an_empty_stretch_beyond_what_is_known_is_a_gap() -> None:
    assert told((12, 12), (10, 12)) == [Taken.GAP, Taken.NEXT]


def test_what_is_not_told_any_more_is_skipped() -> None:
    known = Stretches()
    known.begin(0, 10, 5)
    assert known.take(0, 20, 21, 9) is Taken.GAP
    assert known.covers(0) == 5
    known.skip_to(0, 20, 8)
    assert known.take(0, 20, 21, 9) is Taken.NEXT
    assert known.covers(0) == 9


def test_the_first_owner_is_no_gap_and_a_later_one_beyond_what_was_told_is() -> None:
    known = Stretches()
    assert known.begin(0, 10, 5) is Taken.KNOWN
    assert known.begin(0, 9, 4) is Taken.KNOWN
    assert known.begin(0, 11, 6) is Taken.GAP
    assert known.offsets == {0: 10}


def test_partitions_are_apart_and_covers_never_falls() -> None:
    known = Stretches()
    known.begin(0, 10, 7)
    known.begin(1, 0, 0)
    known.take(0, 10, 11, 3)
    assert (known.covers(0), known.covers(1), known.covers(2)) == (7, 0, 0)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5))))
def test_every_offset_that_counts_as_told_was_told(stretches: list[tuple[int, int]]) -> None:
    known, seen = Stretches(), set[int]()
    known.begin(0, 0, 0)
    for after, length in stretches:
        if known.take(0, after, after + length, 0) is not Taken.GAP:
            seen |= set(range(after, after + length))
        assert seen >= set(range(known.offsets[0]))
