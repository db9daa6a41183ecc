import orjson

from shared.kafka.types import RecordWithHeaders
from shared.log.dead_letter_listing import summarize

HEADERS = [
    ("reason", b"data: Field required"),
    ("service", b"message-store"),
    ("time", b"2026-01-15T12:00:00.000Z"),
    ("topic", b"chat.events"),
    ("partition", b"3"),
    ("offset", b"42"),
]
SUMMARY = {name: value.decode() for name, value in HEADERS} | {"partition": 3, "offset": 42}


def test_a_dead_letter_is_listed_with_where_it_came_from_and_why() -> None:
    value = b'{"type":"chat.event.message-sent.v1","data":{"content":{"text":"canary"}}}'
    listed = summarize(RecordWithHeaders(0, value, HEADERS))
    assert listed == {**SUMMARY, "type": "chat.event.message-sent.v1", "bytes": len(value)}


def test_nothing_of_its_content_is_listed() -> None:
    for value in (
        b"canary",
        b'{"type":"canary"}',
        b'{"type":["canary"]}',
        b'["canary"]',
        b'{"canary":1}',
        None,
    ):
        listed = summarize(RecordWithHeaders(0, value, [*HEADERS, ("more", b"canary")]))
        assert listed["type"] is None
        assert b"canary" not in orjson.dumps(listed)


def test_of_one_that_was_cut_the_whole_size_is_listed() -> None:
    assert summarize(RecordWithHeaders(0, b"ab", [*HEADERS, ("cut-from", b"5000000")]))["bytes"] == 5_000_000


def test_missing_headers_are_null() -> None:
    assert summarize(RecordWithHeaders(0, None, [])) == {**dict.fromkeys(SUMMARY), "type": None, "bytes": 0}
