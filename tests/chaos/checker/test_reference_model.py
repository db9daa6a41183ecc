"""The reference model and the fold, written independently, agree on any log."""

import orjson
from hypothesis import given

from message_store.domain.fold import FoldResult
from message_store.read_models.entry_encoder import encode_entry
from shared.contract import codec
from shared.contract.events import Event
from tests.chaos.checker.history import Frame
from tests.chaos.checker.reference_model import LogRecord, ReferenceModel, key_of
from tests.fixtures import builders
from tests.unit.message_store.reference_model import Projection, stories


def _model(events: list[Event]) -> ReferenceModel:
    records = (orjson.loads(codec.encode(event)) for event in events)
    return ReferenceModel(LogRecord(0, offset, event) for offset, event in enumerate(records))


def _frame(folded: FoldResult) -> Frame:
    entry = codec.decode_entry(encode_entry(folded, builders.EPOCH, "test"))
    shown = entry.frame()
    assert shown is not None
    frame: Frame = orjson.loads(codec.encode(shown))
    return frame


@given(stories)
async def test_both_publish_the_same_entries_to_the_same_audiences(events: list[Event]) -> None:
    log = [builders.opened(), *events]
    model = _model(log)
    results = (await Projection().apply(log)).folded
    published = [folded for folded in results if folded.is_published and folded.audience]
    assert [entry.offset for entry in model.entries] == [folded.offset for folded in published]
    for entry, folded in zip(model.entries, published, strict=True):
        frame = _frame(folded)
        assert entry.key == key_of(frame)
        assert entry.fields == {name: frame[name] for name in entry.fields}
        assert entry.audience == set(folded.audience)


@given(stories)
async def test_both_have_the_same_members_and_read_positions(events: list[Event]) -> None:
    tables = (await Projection().apply(events)).tables
    rows = {key[:2]: row.read_seq for key, row in tables.members.items() if row.to_offset is None}
    assert rows == {
        (conversation, user): read
        for conversation, state in _model(events).conversations.items()
        for user, read in state.members.items()
    }
