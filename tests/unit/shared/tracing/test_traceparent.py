"""The traceparent in requests and records."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract import codec
from shared.tracing.traceparent import HEADER, PATTERN, added_to, of_record, of_request, trace_id
from tests.fixtures.recorded_spans import TRACE_ID, TRACEPARENT

TRACEPARENTS = st.from_regex(re.compile(PATTERN), fullmatch=True)


@given(TRACEPARENTS)
def test_what_is_added_to_a_record_is_read_from_it(traceparent: str) -> None:
    headers = added_to(codec.HEADERS, traceparent)
    assert of_record(headers) == traceparent
    assert [header for header in headers if header[0] != HEADER] == list(codec.HEADERS)
    assert trace_id(of_record(headers)) == traceparent.split("-")[1]


def test_a_record_without_a_trace_gets_no_byte_more() -> None:
    assert added_to(codec.HEADERS, "") is codec.HEADERS
    assert of_record(codec.HEADERS) == ""


@given(st.lists(st.tuples(st.sampled_from([HEADER, "other"]), st.binary(max_size=80))))
def test_any_headers_of_a_record_are_read(headers: list[tuple[str, bytes]]) -> None:
    assert trace_id(of_record(headers)) == "" or of_record(headers).startswith("00-")


@pytest.mark.parametrize(
    ("headers", "traceparent"),
    [
        ([], ""),
        ([(b"host", b"x"), (b"traceparent", TRACEPARENT.encode())], TRACEPARENT),
        ([(b"traceparent", TRACEPARENT.encode()), (b"traceparent", TRACEPARENT.encode())], ""),
        ([(b"traceparent", b"\xff")], "ÿ"),
    ],
)
def test_a_request_carries_one_traceparent_or_none(
    headers: list[tuple[bytes, bytes]], traceparent: str
) -> None:
    assert of_request(headers) == traceparent


@pytest.mark.parametrize("text", ["", "ÿ", TRACEPARENT + "0", TRACEPARENT + "\n", TRACEPARENT.upper()])
def test_other_texts_have_no_trace_id(text: str) -> None:
    assert trace_id(TRACEPARENT) == TRACE_ID
    assert trace_id(text) == ""
