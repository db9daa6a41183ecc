"""The link protocol: one end decodes what the other encodes, and refuses violations with a short reason."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.websocket_connection import text_frame
from shared.internal.link_protocol import (
    Acknowledged,
    Gap,
    Hello,
    LinkEntry,
    OffsetRange,
    PartitionOffsets,
    PartitionsAssigned,
    Progress,
    ProtocolError,
    Replay,
    Revocation,
    Subscribe,
    Unsubscribe,
    decode_gateway_message,
    decode_notifier_message,
    encode_entry,
    encode_gateway_message,
    encode_notifier_message,
)

offsets = st.integers(0, 2**63 - 1)
partitions = st.integers(0, 2**31 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
users = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128), max_size=5)
by_partition = st.dictionaries(partitions, st.builds(PartitionOffsets, offsets, offsets), max_size=5)
ranges = st.lists(
    st.builds(OffsetRange, partitions, offsets, offsets, offsets),
    max_size=5,
    unique_by=lambda offset_range: offset_range.partition,
)

GATEWAY_MESSAGES = st.one_of(
    st.builds(Hello, st.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True)),
    st.builds(Subscribe, offsets, users),
    st.builds(Unsubscribe, offsets, users),
    st.builds(Replay, st.dictionaries(partitions, offsets, max_size=5)),
)
NOTIFIER_MESSAGES = st.one_of(
    st.builds(PartitionsAssigned, offsets, by_partition),
    st.builds(Gap, by_partition),
    st.builds(Acknowledged, offsets),
    st.builds(Progress, ranges),
    st.builds(Revocation, partitions, offsets, offsets, offsets, texts, texts),
)


@given(GATEWAY_MESSAGES)
def test_a_notifier_decodes_what_a_gateway_encodes(message: Hello | Subscribe | Unsubscribe | Replay) -> None:
    assert decode_gateway_message(encode_gateway_message(message)) == message


@given(NOTIFIER_MESSAGES)
def test_a_gateway_decodes_what_a_notifier_encodes(
    message: PartitionsAssigned | Gap | Acknowledged | Progress,
) -> None:
    decoded = decode_notifier_message(encode_notifier_message(message).encode())
    assert (type(decoded), decoded) == (type(message), message)


@given(
    st.builds(OffsetRange, partitions, offsets, offsets, offsets),
    texts,
    texts,
    users,
    texts,
    st.integers(0, 2**42).map(lambda milliseconds: milliseconds / 1_000),
)
def test_a_gateway_decodes_the_entry_that_a_notifier_encodes(
    offset_range: OffsetRange, kind: str, conversation: str, users: list[str], text: str, at: float
) -> None:
    frame = json.dumps({"text": text}, ensure_ascii=False)
    payload = encode_entry(*offset_range, kind, conversation, users, frame, at).encode()
    written = text_frame(frame.encode() if users else b"")
    entry = LinkEntry(*offset_range, kind, conversation, users, written, at)
    assert decode_notifier_message(payload) == entry


def test_a_gateway_takes_the_entries_of_a_notifier_that_sends_no_time() -> None:
    earlier = encode_entry(0, 1, 2, 3, "kind", "conversation", ["ann"], "{}").replace(',"acceptedAt":0.0', "")
    assert "acceptedAt" not in earlier
    decoded = decode_notifier_message(earlier.encode())
    assert isinstance(decoded, LinkEntry)
    assert decoded.accepted_at == 0


@given(texts)
def test_an_entry_carries_its_trace(traceparent: str) -> None:
    payload = encode_entry(3, 1, 2, 1, "kind", "", ["ann"], "{}", 1.5, traceparent).encode()
    decoded = decode_notifier_message(payload)
    assert isinstance(decoded, LinkEntry)
    assert (decoded.traceparent, decoded.frame) == (traceparent, text_frame(b"{}"))


def test_gateway_messages_are_encoded_as_documented() -> None:
    assert json.loads(encode_gateway_message(Hello("g"))) == {"type": "hello", "gateway": "g"}
    assert json.loads(encode_gateway_message(Replay({3: 120}))) == {"type": "replay", "offsets": {"3": 120}}
    assert json.loads(encode_gateway_message(Subscribe(1, ["a"]))) == {
        "type": "subscribe",
        "batch": 1,
        "users": ["a"],
    }
    assert json.loads(encode_gateway_message(Unsubscribe(2, []))) == {
        "type": "unsubscribe",
        "batch": 2,
        "users": [],
    }


def test_fields_of_a_newer_release_are_ignored() -> None:
    assert decode_gateway_message('{"type":"hello","gateway":"g","region":"eu"}') == Hello("g")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"type":"assigned"}',
        '{"type":"subscribe","batch":"one","users":[]}',
        '{"type":"subscribe","batch":1}',
        '{"type":"replay","offsets":{"three":1}}',
        "[" * 5_000,
        '{"type":"hello","gateway":""}',
        '{"type":"hello","gateway":"a gateway"}',
        json.dumps({"type": "hello", "gateway": "g" * 65}),
        json.dumps({"type": "hello", "gateway": "g" * 3_000_000}),
        json.dumps({"type": "g" * 3_000_000}),
        json.dumps({"type": "subscribe", "batch": 10**23, "users": []}),
        json.dumps({"type": "subscribe", "batch": 2**63, "users": []}),
        json.dumps({"type": "subscribe", "batch": -1, "users": []}),
        json.dumps({"type": "subscribe", "batch": 1.5, "users": []}),
        json.dumps({"type": "subscribe", "batch": 1, "users": ["u"] * 20_001}),
        json.dumps({"type": "unsubscribe", "batch": 1, "users": ["u"] * 20_001}),
        json.dumps({"type": "subscribe", "batch": 1, "users": ["u" * 129]}),
        json.dumps({"type": "subscribe", "batch": 1, "users": [""]}),
        json.dumps({"type": "replay", "offsets": {"1": 2**63}}),
        json.dumps({"type": "replay", "offsets": {"9" * 30: 1}}),
        json.dumps({"type": "replay", "offsets": {"\n" * 10_000: 1}}),
        json.dumps({"type": "replay", "offsets": {str(p): 1 for p in range(10_001)}}),
    ],
    ids=lambda text: text[:60],
)
def test_a_gateways_violation_is_named_in_few_words_of_our_own(text: str) -> None:
    with pytest.raises(ProtocolError) as error:
        decode_gateway_message(text)
    assert re.fullmatch(r"[ -~]{1,120}", str(error.value))
    assert not re.search(r"g{10}|9{20}", str(error.value))


def test_twenty_thousand_users_in_one_message_are_decoded() -> None:
    users = [f"user {number}" for number in range(20_000)]
    text = json.dumps({"type": "subscribe", "batch": 2**63 - 1, "users": users})
    assert decode_gateway_message(text) == Subscribe(2**63 - 1, users)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"type":"dance"}',
        '{"type":"entry"}',
        '{"type":"assigned","partitionCount":1}',
    ],
)
def test_a_message_that_no_notifier_sends_is_a_protocol_error(text: str) -> None:
    with pytest.raises(ProtocolError):
        decode_notifier_message(text.encode())
