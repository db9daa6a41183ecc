import pytest

from notifier.live import messages
from notifier.live.messages import Announce, BadMessage, Hello, Replay, Withdraw


def test_what_gateways_say_is_read() -> None:
    assert messages.read('{"type":"hello","gateway":"g"}') == Hello(type="hello", gateway="g")
    assert messages.read('{"type":"replay","partitions":{"3":120}}') == Replay(
        type="replay", partitions={3: 120}
    )
    assert messages.read('{"type":"announce","batch":1,"users":["a"]}') == Announce(
        type="announce", batch=1, users=["a"]
    )
    assert messages.read('{"type":"withdraw","batch":2,"users":[]}') == Withdraw(
        type="withdraw", batch=2, users=[]
    )


def test_fields_of_a_newer_release_are_ignored() -> None:
    assert isinstance(messages.read('{"type":"hello","gateway":"g","region":"eu"}'), Hello)


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
    ],
)
def test_what_breaks_the_protocol_is_named(text: str) -> None:
    with pytest.raises(BadMessage):
        messages.read(text)
