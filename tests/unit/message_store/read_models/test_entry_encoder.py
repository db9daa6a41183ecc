"""Entries are encoded without their models, and are what these would write."""

from hypothesis import given, settings
from hypothesis import strategies as st

from message_store.read_models.entry_encoder import encode_entry
from shared.contract import codec, ids
from shared.contract.events import Event
from shared.contract.fields import MAX_LISTED_MEMBERS
from tests.fixtures import builders
from tests.unit.message_store.reference_model import Projection, stories

GROUP = ids.group_conversation_id("ann", "a")
_characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(_characters, min_size=1).filter(str.strip)


async def _published(story: list[Event]) -> list[bytes]:
    projection = await Projection().apply(story)
    return [
        encode_entry(folded, builders.EPOCH, "test") for folded in projection.folded if folded.is_published
    ]


def _as_models_write(record: bytes) -> bytes:
    return codec.encode(codec.decode_entry(record))


@given(stories)
@settings(max_examples=150, deadline=None)
async def test_every_record_is_what_its_model_writes(story: list[Event]) -> None:
    for record in await _published(story):
        assert record == _as_models_write(record)


@given(texts)
@settings(deadline=None)
async def test_any_text_is_written_as_its_model_writes_it(text: str) -> None:
    story = [builders.started(GROUP, ["ann"]), builders.sent(GROUP, "ann", text=text)]
    _, record = await _published(story)
    assert record == _as_models_write(record)


async def test_an_entry_of_a_large_group_shows_its_first_members_and_is_for_all() -> None:
    members = [f"user-{number}" for number in range(MAX_LISTED_MEMBERS + 1)]
    (record,) = await _published([builders.started(GROUP, members)])
    data = codec.decode_entry(record).data.model_dump()
    assert (len(data["members"]), data["memberCount"]) == (MAX_LISTED_MEMBERS, len(members))
    assert data["audience"] == members
    assert record == _as_models_write(record)
