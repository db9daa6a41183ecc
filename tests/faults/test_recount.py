"""The recount and the fold, written apart, say the same of any story."""

import orjson
from hypothesis import given

from message_store.domain.fold import FoldResult
from message_store.read_models.entry_encoder import encode_entry
from shared.contract import codec
from shared.contract.entry_to_frame import entry_to_frame
from shared.contract.events import Event
from tests import builders
from tests.faults.ledger import Frame
from tests.faults.recount import Logged, Recount, key_of
from tests.unit.message_store.reference_model import Projection, stories


def _frame(folded: FoldResult) -> Frame:
    entry = codec.decode_entry(encode_entry(folded, builders.EPOCH, "test"))
    shown: Frame = orjson.loads(codec.encode(entry_to_frame(entry)))
    return shown


@given(stories)
async def test_what_is_told_and_to_whom_is_what_the_fold_tells(story: list[Event]) -> None:
    happened = [builders.opened(), *story]
    counted = Recount(Logged(0, at, orjson.loads(codec.encode(event))) for at, event in enumerate(happened))
    told = [folded for folded in (await Projection().apply(happened)).folded if folded.is_published]
    assert [each.offset for each in counted.entries] == [folded.offset for folded in told]
    for each, folded in zip(counted.entries, told, strict=True):
        frame = _frame(folded)
        assert each.key == key_of(frame)
        assert each.facts == {name: frame[name] for name in each.facts}
        assert each.audience == set(folded.audience)


@given(stories)
async def test_who_is_in_and_has_read_how_far_is_what_the_read_models_hold(story: list[Event]) -> None:
    counted = Recount(Logged(0, at, orjson.loads(codec.encode(event))) for at, event in enumerate(story))
    tables = (await Projection().apply(story)).tables
    held = {place[:2]: row.read_seq for place, row in tables.members.items() if row.to_offset is None}
    assert held == {
        (name, user): read
        for name, own in counted.conversations.items()
        for user, read in own.members.items()
    }
