"""What a well-formed name, text, time or id is."""

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.vocabulary import ClientId, Seq, Text, Timestamp, UserId, Uuid

GOOD_NAMES = ["a", "x" * 128, "Zoë", "дима", "a b", "👩‍👩‍👧", "a\u00a0b", "𝒳" * 128]
BAD_NAMES = ["", " a", "a ", "\u00a0a", "a\n", "a\x00b", "a\x7f", "a\x85b", "x" * 129, "a\ud800", "\u2003"]
GOOD_TEXTS = ["a", " a ", "x" * 8_000, "𝒳" * 8_000, "\u200b.", "line\nline\ttab", "\u202eevil"]
BAD_TEXTS = ["", " ", "\x1c \x1f", "\n\t\u00a0", "x" * 8_001, "a\x00", "a\udfff"]


@pytest.mark.parametrize("kind", [UserId, ClientId])
@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_good_name_is_kept_unchanged(kind: type[str], name: str) -> None:
    assert TypeAdapter(kind).validate_python(name) == name


@pytest.mark.parametrize("kind", [UserId, ClientId])
@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_is_refused(kind: type[str], name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(name)


@pytest.mark.parametrize("text", GOOD_TEXTS)
def test_a_good_text_is_kept_unchanged(text: str) -> None:
    assert TypeAdapter(Text).validate_python(text) == text


@pytest.mark.parametrize("text", BAD_TEXTS)
def test_a_bad_text_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Text).validate_python(text)


@pytest.mark.parametrize("seq", [-1, 2**53, 1.0, "1", True, None])
def test_a_bad_seq_is_refused(seq: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Seq).validate_python(seq)


@pytest.mark.parametrize(
    "time", ["2026-02-30T00:00:00.000Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000+00:00", "now", ""]
)
def test_a_bad_time_is_refused(time: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Timestamp).validate_python(time)


def test_ids_are_spelt_in_lower_case() -> None:
    spelt = "E5E6A4B9-CE3A-5BB6-9A2C-387F855095F8"
    assert TypeAdapter(Uuid).validate_python(spelt) == spelt.lower()


@pytest.mark.parametrize(
    "spelt", ["", "x", "{e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8}", "e5e6a4b9ce3a5bb69a2c387f855095f8"]
)
def test_other_spellings_of_ids_are_refused(spelt: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Uuid).validate_python(spelt)
