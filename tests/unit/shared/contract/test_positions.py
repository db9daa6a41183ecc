"""Positions and cursors: what clients hold comes back as it was, and nothing else passes for one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract import cursor
from shared.contract.cursor import InvalidCursor
from shared.contract.position import Position

epochs = st.text("0123456789abcdef", min_size=16, max_size=16)
offsets = st.integers(0, 2**42)
users = st.text(min_size=1, max_size=128).filter(lambda text: text.isprintable())


@given(epochs, st.integers(0, 4_096), st.integers(0, 2**63 - 1))
def test_a_position_survives_its_text(epoch: str, partition: int, offset: int) -> None:
    position = Position(epoch, partition, offset)
    assert Position.parse(str(position)) == position
    assert re.fullmatch(r"[A-Za-z0-9_-]+", str(position))


@given(st.text() | st.from_regex(r"[0-9a-f]{16}-\d+-\d+", fullmatch=True))
def test_a_text_is_the_only_spelling_of_its_position_or_none(text: str) -> None:
    try:
        position = Position.parse(text)
    except ValueError:
        return
    assert str(position) == text


@given(epochs, users, st.lists(offsets, min_size=1, max_size=64))
def test_a_cursor_survives_its_text(epoch: str, user: str, vector: list[int]) -> None:
    text = cursor.encode(epoch, user, vector)
    decoded = cursor.decode(text)
    assert (decoded.epoch, decoded.offsets) == (epoch, tuple(vector))
    assert decoded.belongs_to(user)
    assert not decoded.belongs_to(user + "x")
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,600}", text)


@given(epochs, users, st.lists(offsets, min_size=1, max_size=12), st.data())
def test_a_cursor_with_one_character_changed_is_none(
    epoch: str, user: str, vector: list[int], data: st.DataObject
) -> None:
    text = cursor.encode(epoch, user, vector)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCabc019-_").filter(lambda character: character != text[place]))
    changed = text[:place] + other + text[place + 1 :]
    try:
        assert cursor.decode(changed) == cursor.decode(text)  # bits that base64 throws away
        assert place == len(text) - 1
    except InvalidCursor:
        pass


@given(st.text(max_size=700) | st.binary(max_size=500).map(lambda raw: raw.decode("latin-1")))
def test_garbage_is_no_cursor(text: str) -> None:
    with pytest.raises(InvalidCursor):
        cursor.decode(text)


def test_ten_kilobytes_are_no_cursor() -> None:
    with pytest.raises(InvalidCursor, match="longer than any"):
        cursor.decode("A" * 10_000)
