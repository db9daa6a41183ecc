"""Query strings: what is parsed, and what is refused."""

from typing import Annotated
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.http.problems import Problem
from shared.http.query_string import MAX_FIELDS, QueryString, WholeNumber

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(_texts.filter(bool), _texts), max_size=10))
def test_what_is_encoded_is_parsed(fields: list[tuple[str, str]]) -> None:
    raw = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields).encode()
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    assert QueryString.parse(raw) == QueryString(values, None)


@pytest.mark.parametrize(
    ("raw", "values"),
    [
        (b"", {}),
        (b"a", {"a": [""]}),
        (b"a=&a=1", {"a": ["", "1"]}),
        (b"a=b=c", {"a": ["b=c"]}),
        (b"a=1;b=2", {"a": ["1;b=2"]}),
        (b"&&a=1+%2B&", {"a": ["1 +"]}),
        (b"a=%zz", {"a": ["%zz"]}),
        ("a=é".encode(), {"a": ["é"]}),
    ],
)
def test_corners_of_the_encoding(raw: bytes, values: dict[str, list[str]]) -> None:
    assert QueryString.parse(raw) == QueryString(values, None)


@pytest.mark.parametrize("bad", [b"%ff", b"%C3", b"\xff", b"%ED%A0%80"])
def test_a_value_that_is_not_utf8_is_an_error_and_leaves_the_others(bad: bytes) -> None:
    query = QueryString.parse(b"meId=" + bad + b"&cursor=x")
    assert query.values == {"meId": [], "cursor": ["x"]}
    with pytest.raises(Problem, match="bad_request: the query is not percent-encoded UTF-8"):
        query.single_values([("cursor", True)])


@pytest.mark.parametrize("extra", [b"", b"&b=%ff"])
def test_more_fields_than_a_call_has_are_refused_unparsed(extra: bytes) -> None:
    assert QueryString.parse(b"&".join([b"a=1"] * MAX_FIELDS)).error is None
    query = QueryString.parse(b"&".join([b"a=1"] * MAX_FIELDS + [b"a=1"]) + extra)
    assert not query.values
    with pytest.raises(Problem, match="bad_request: the query has more than"):
        query.single_values([])


def test_each_parameter_comes_once_and_unknown_ones_are_ignored() -> None:
    query = QueryString.parse(b"a=1&b=2&b=3&c=4")
    assert query.single_values([("a", True), ("x", False)]) == {"a": "1"}
    with pytest.raises(Problem, match="bad_request: b: is repeated"):
        query.single_values([("a", True), ("b", False)])
    with pytest.raises(Problem, match="bad_request: x: is missing"):
        query.single_values([("x", True), ("b", False)])


_number: TypeAdapter[int] = TypeAdapter(Annotated[int, WholeNumber(0, 100)])


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("100", 100), ("007", 7), ("-0", 0)])
def test_a_whole_number_is_decimal_digits(text: str, number: int) -> None:
    assert _number.validate_python(text) == number


@pytest.mark.parametrize("text", ["", "-1", "101", "1.0", "+1", " 1", "1_0", "1e1", "٣", "9" * 20])
def test_anything_else_is_not_a_whole_number(text: str) -> None:
    with pytest.raises(ValidationError, match="must be a whole number from 0 to 100"):
        _number.validate_python(text)
