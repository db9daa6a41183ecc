"""Header fields by their grammars."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.api import header_fields


@pytest.mark.parametrize(
    ("lines", "accepted"),
    [
        ([], False),
        ([""], False),
        (["gzip"], True),
        (["GZip"], True),
        (["x-gzip"], True),
        (["deflate, gzip;q=1.0, *;q=0.5"], True),
        (["br", "gzip"], True),
        (["gzip ; Q=0.001"], True),
        (["gzip;q=0"], False),
        (["gzip;q=0.000"], False),
        (["gzip; q=0, *"], False),
        (["*, gzip;q=0"], False),
        (["*"], True),
        (["*;q=0"], False),
        (["br"], False),
        (["identity"], False),
        (["gzipped"], False),
        (["gzip;q=2"], False),
        (["gzip;q=0.5, identity"], False),
        (["gzip;q=0.5, identity;q=0.5"], True),
        (['foo="a, gzip"'], False),
    ],
)
def test_gzip_is_sent_to_who_takes_it_gladly(lines: list[str], accepted: bool) -> None:
    assert header_fields.accepts_gzip(lines) is accepted


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("", None),
        ("application/json", None),
        ("application/json; charset=utf-8", "utf-8"),
        ('Application/JSON ; x=1; CharSet="UTF-8"', "utf-8"),
        ("text/plain;charset=latin-1", "latin-1"),
        ('text/plain; note="charset=latin-1"', None),
        ("text/plain; mycharset=latin-1", None),
        ("text/plain; charset", None),
    ],
)
def test_the_charset_is_a_parameter_of_its_own(content_type: str, charset: str | None) -> None:
    assert header_fields.charset(content_type) == charset


@given(some.text(some.characters(max_codepoint=255, exclude_characters="\r\n\0")))
def test_no_field_value_breaks_a_reader(value: str) -> None:
    header_fields.charset(value)
    header_fields.charset(f"a/b; charset{value}")
    header_fields.accepts_gzip([value, f"gzip;q={value}"])
    header_fields.list_members([value])
