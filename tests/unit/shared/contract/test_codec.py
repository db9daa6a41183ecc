"""Records are decoded by their wire names, and by no others."""

import pytest

from shared.contract import codec
from tests.fixtures import builders
from tools.contract.samples import sample_bytes

TALK = "e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8"


def test_an_event_in_snake_case_is_none() -> None:
    event = codec.encode(builders.read(TALK, "ann", 1))
    with pytest.raises(codec.DecodeError, match="upTo"):
        codec.decode_event(event.replace(b'"upTo"', b'"up_to"'))


def test_an_entry_in_snake_case_is_none() -> None:
    entry = sample_bytes()["chat.read.moved.v1"]
    with pytest.raises(codec.DecodeError, match="upTo"):
        codec.decode_entry(entry.replace(b'"upTo"', b'"up_to"'))
