"""Events of the aggregate user: what the log may hold, and what is dead-lettered."""

from typing import Any

import orjson
import pytest

from message_store.projector.event_reader import decode_and_validate
from shared.contract import codec, events
from shared.contract.codec import DecodeError
from shared.kafka import Record, partition_for
from tests.fixtures import builders

PARTITIONS = 12
KEY = b"user:ann"


def record(changes: dict[str, Any] | None = None, key: bytes = KEY) -> Record:
    """A revocation of Ann's tokens with these fields replaced."""
    fields = orjson.loads(codec.encode(builders.revoked("ann")))
    value = orjson.dumps(fields | (changes or {}))
    return Record(partition_for(KEY, PARTITIONS), 7, key, value)


def test_an_event_of_a_user_stands_under_the_key_of_that_user() -> None:
    event = decode_and_validate(record(), PARTITIONS)
    assert isinstance(event, events.UserRevoked)
    assert event.data.user_id == "ann"


@pytest.mark.parametrize("key", [b"ann", b"user:bob", b"user:Ann", b"", b"user:ann\x00"])
def test_one_under_another_key_is_no_event(key: bytes) -> None:
    with pytest.raises(DecodeError, match="key"):
        decode_and_validate(record(key=key), PARTITIONS)


@pytest.mark.parametrize("subject", ["ann", "user:bob", "user:", "user: ann"])
def test_one_whose_subject_is_another_user_is_no_event(subject: str) -> None:
    with pytest.raises(DecodeError, match="subject"):
        decode_and_validate(record({"subject": subject}, key=subject.encode()), PARTITIONS)


@pytest.mark.parametrize(
    "data",
    [
        {"userId": "ann", "revokedAt": "2099-01-01T00:00:00.000Z"},
        {"userId": "ann", "revokedAt": "yesterday"},
        {"userId": "ann", "revokedAt": "2025-02-30T00:00:00.000Z"},
        {"userId": "ann"},
        {"userId": "", "revokedAt": "2025-01-01T00:00:00.000Z"},
        {},
    ],
)
def test_nonsense_is_no_event(data: dict[str, Any]) -> None:
    with pytest.raises(DecodeError):
        decode_and_validate(record({"data": data}), PARTITIONS)
