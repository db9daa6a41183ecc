"""The registry of event kinds, against the contract."""

from typing import get_args

import pytest

from message_store.domain.events.registry import EVENT_TYPES, KINDS, Entry, Registration
from message_store.domain.fold import ConsumedEvent, fold
from message_store.domain.state import States
from message_store.read_models.entry_encoder import REJECTED_TYPE
from shared.contract import entries, events, ids
from tests.fixtures import builders

GROUP = ids.group_conversation_id("ann", "g")


def _types(union: object) -> set[str]:
    return {name for model in get_args(union) for name in get_args(model.model_fields["type"].annotation)}


def test_each_event_of_the_contract_has_a_kind_and_no_other() -> None:
    assert [each.event for each in KINDS] == list(get_args(events.AggregateEvent))
    assert _types(events.AggregateEvent) == EVENT_TYPES


def test_each_entry_of_the_contract_has_a_kind_and_no_other() -> None:
    of_kinds = [each.kind.ENTRY_TYPE for each in KINDS]
    assert len(set(of_kinds)) == len(of_kinds)
    assert {*of_kinds, REJECTED_TYPE} == _types(entries.Entry)


def test_each_outcome_that_is_an_entry_has_a_kind() -> None:
    assert {each.entry for each in KINDS} == set(get_args(Entry))
    assert len({each.kind.JOURNAL_KIND for each in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.entry.__name__)
def test_an_event_and_its_entry_share_one_name(kind: Registration) -> None:
    name = kind.event.__name__
    assert kind.entry.__name__ == name
    assert hasattr(entries, f"{name}Entry")


def test_each_kind_makes_its_own_entry() -> None:
    story = [
        builders.started(GROUP, ["ann"]),
        builders.sent(GROUP, "ann"),
        builders.added(GROUP, "ann", "bob"),
        builders.read(GROUP, "bob", 2),
        builders.removed(GROUP, "ann", "bob"),
        builders.revoked("bob"),
    ]
    story.insert(3, builders.sent(GROUP, "ann"))
    results = fold(States({GROUP: None}), [ConsumedEvent(0, n, event) for n, event in enumerate(story)])
    entry_of = {each.event: each.entry for each in KINDS}
    assert [type(result.outcome) for result in results] == [entry_of[type(event)] for event in story]
    assert {type(event) for event in story} == set(entry_of)
