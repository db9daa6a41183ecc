import json
import re

import pytest

from notifier.live import link_protocol
from notifier.live.link_protocol import Announce, BadMessage, Hello, Replay, Withdraw


def test_what_gateways_say_is_read() -> None:
    assert link_protocol.read('{"type":"hello","gateway":"g"}') == Hello(type="hello", gateway="g")
    assert link_protocol.read('{"type":"replay","partitions":{"3":120}}') == Replay(
        type="replay", partitions={3: 120}
    )
    assert link_protocol.read('{"type":"announce","batch":1,"users":["a"]}') == Announce(
        type="announce", batch=1, users=["a"]
    )
    assert link_protocol.read('{"type":"withdraw","batch":2,"users":[]}') == Withdraw(
        type="withdraw", batch=2, users=[]
    )


def test_fields_of_a_newer_release_are_ignored() -> None:
    assert isinstance(link_protocol.read('{"type":"hello","gateway":"g","region":"eu"}'), Hello)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"type":"owns"}',
        '{"type":"announce","batch":"one","users":[]}',
        '{"type":"announce","batch":1}',
        '{"type":"replay","partitions":{"three":1}}',
        "[" * 5_000,
        '{"type":"hello","gateway":""}',
        '{"type":"hello","gateway":"a gateway"}',
        json.dumps({"type": "hello", "gateway": "g" * 65}),
        json.dumps({"type": "hello", "gateway": "g" * 3_000_000}),
        json.dumps({"type": "g" * 3_000_000}),
        json.dumps({"type": "announce", "batch": 10**23, "users": []}),
        json.dumps({"type": "announce", "batch": 2**63, "users": []}),
        json.dumps({"type": "announce", "batch": -1, "users": []}),
        json.dumps({"type": "announce", "batch": 1.5, "users": []}),
        json.dumps({"type": "announce", "batch": 1, "users": ["u"] * 20_001}),
        json.dumps({"type": "withdraw", "batch": 1, "users": ["u"] * 20_001}),
        json.dumps({"type": "announce", "batch": 1, "users": ["u" * 129]}),
        json.dumps({"type": "announce", "batch": 1, "users": [""]}),
        json.dumps({"type": "replay", "partitions": {"1": 2**63}}),
        json.dumps({"type": "replay", "partitions": {"9" * 30: 1}}),
        json.dumps({"type": "replay", "partitions": {"\n" * 10_000: 1}}),
        json.dumps({"type": "replay", "partitions": {str(p): 1 for p in range(10_001)}}),
    ],
    ids=lambda text: text[:60],
)
def test_what_breaks_the_protocol_is_named_in_few_words_of_our_own(text: str) -> None:
    with pytest.raises(BadMessage) as bad:
        link_protocol.read(text)
    assert re.fullmatch(r"[ -~]{1,120}", str(bad.value))
    assert not re.search(r"g{10}|9{20}", str(bad.value))


def test_twenty_thousand_users_at_once_are_read() -> None:
    users = [f"user {number}" for number in range(20_000)]
    read = link_protocol.read(json.dumps({"type": "announce", "batch": 2**63 - 1, "users": users}))
    assert isinstance(read, Announce)
    assert read.users == users
