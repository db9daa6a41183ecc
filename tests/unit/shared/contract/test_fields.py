"""The rules of names, texts, times and ids."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from deploy.local.paths import ROOT
from shared.contract.fields import (
    ClientId,
    NewClientId,
    NewText,
    NewUserId,
    Seq,
    Text,
    Timestamp,
    UserId,
    Uuid,
)
from shared.contract.white_space import CODE_POINTS, WHITE_SPACE

GOOD_NAMES = ["a", "x" * 128, "Zoë", "дима", "a b", "👩‍👩‍👧", "a\u00a0b", "𝒳" * 128]
BAD_NAMES = ["", " a", "a ", "\u00a0a", "a\n", "a\x00b", "a\x7f", "a\x85b", "x" * 129, "a\ud800", "\u2003"]
GOOD_TEXTS = ["a", " a ", "x" * 8_000, "𝒳" * 8_000, "\u200b.", "line\nline\ttab", "\u202eevil"]
BAD_TEXTS = ["", " ", "\x85", "\n\t\u00a0", "x" * 8_001, "a\x00", "a\udfff"]


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


VECTORS = json.loads((ROOT / "docs/contract/white-space.json").read_text())


def test_the_contract_lists_what_unicode_calls_white_space_and_what_browsers_trim_besides() -> None:
    """Python's `isspace` and a browser's `trim` differ from the contract's set."""
    ours = set(CODE_POINTS)
    assert [int(code_point[2:], 16) for code_point in VECTORS["codePoints"]] == list(CODE_POINTS)
    assert ours ^ {n for n in range(0x110000) if chr(n).isspace()} == {0xFEFF, 0x1C, 0x1D, 0x1E, 0x1F}


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: ascii(vector["text"]))
def test_what_clients_send_is_judged_by_the_rule_of_the_contract(vector: dict[str, Any]) -> None:
    text = vector["text"]
    assert _takes(NewText, text) is not vector["isBlank"]
    if any(unicodedata.category(character) == "Cc" for character in text) or not text:
        assert not _takes(NewClientId, text)
    else:
        assert _takes(NewClientId, text) == _takes(NewUserId, text) == (text == vector["trimmed"])


@settings(deadline=None)
@given(st.text(st.sampled_from([*WHITE_SPACE, *"\x1c\x1f\u200b a"]), max_size=6))
def test_whatever_is_accepted_now_can_be_read_later(text: str) -> None:
    """Read from the log, and by authentication."""
    assert _takes(NewText, text) <= _takes(Text, text)
    assert _takes(NewUserId, text) <= _takes(UserId, text)
    assert _takes(NewClientId, text) <= _takes(ClientId, text)


@pytest.mark.parametrize("text", ["\ufeff", "\ufeffa", "a\ufeff"])
def test_user_ids_of_the_first_release_are_still_read_unchanged(text: str) -> None:
    assert all(_takes(kind, text) for kind in (UserId, ClientId, Text))


def _takes(kind: Any, text: str) -> bool:
    try:
        TypeAdapter(kind).validate_python(text)
    except ValidationError:
        return False
    return True
