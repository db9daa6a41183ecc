"""Which changes of a schema could break a reader that knows the earlier one."""

from typing import Any

import pytest

from tools.contract.compatibility import breaks, normal

TEXT: dict[str, Any] = {"type": "string", "maxLength": 10}
OLD: dict[str, Any] = {
    "type": "object",
    "properties": {"text": TEXT, "count": {"type": "number"}, "kind": {"enum": ["a", "b"]}},
    "required": ["text"],
}


def changed(**properties: Any) -> dict[str, Any]:
    kept = {name: schema for name, schema in (OLD["properties"] | properties).items() if schema is not None}
    return {**OLD, "properties": kept}


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        changed(added={"type": "string"}),
        {**OLD, "required": ["text", "count"]},
        changed(count={"type": "integer"}),
        changed(kind={"const": "a"}),
        changed(text={"type": "string", "maxLength": 5, "pattern": "^x"}),
    ],
    ids=["nothing", "a new field", "always there", "a whole number", "one value less", "narrower text"],
)
def test_a_narrower_schema_breaks_no_reader(new: dict[str, Any]) -> None:
    assert list(breaks(OLD, new, "x")) == []


@pytest.mark.parametrize(
    ("new", "fault"),
    [
        (changed(count=None), "x.count: is gone"),
        ({**OLD, "required": []}, "x.text: was always there, may now be absent"),
        (changed(text={"type": "integer"}), "x.text: was string, is integer"),
        (changed(text={}), "x.text: was string, is anything"),
        (changed(text={"type": "string", "maxLength": 11}), "x.text: maxLength was 10, is 11"),
        (changed(text={"type": "string"}), "x.text: maxLength was 10, is gone"),
        (changed(text={"anyOf": [TEXT, {"type": "null"}]}), "x.text: may now be {'type': 'null'}"),
        (changed(kind={"enum": ["a", "b", "c"]}), "x.kind: may now be ['c']"),
        (changed(kind={"type": "string"}), "x.kind: was one of ['a', 'b'], may now be anything"),
    ],
)
def test_what_a_reader_could_trip_over_is_named(new: dict[str, Any], fault: str) -> None:
    assert list(breaks(OLD, new, "x")) == [fault]


def test_changes_inside_lists_and_objects_are_seen() -> None:
    old = {"type": "array", "items": {"type": "object", "properties": {"id": TEXT}}}
    new = {"type": "array", "items": {"type": "object", "properties": {}}}
    assert list(breaks(old, new, "x")) == ["x[].id: is gone"]


def test_a_keyword_that_the_rules_do_not_know_must_stay_as_it_is() -> None:
    old, new = {"type": "string", "format": "uuid"}, {"type": "string", "format": "uri"}
    assert list(breaks(old, new, "x")) == ["x: format was 'uuid', is 'uri'"]
    assert list(breaks({"type": "string"}, new, "x")) == []


def test_what_could_be_null_need_no_longer_be() -> None:
    assert list(breaks({"anyOf": [TEXT, {"type": "null"}]}, TEXT, "x")) == []


def test_a_shape_is_free_of_prose_and_references_but_a_field_may_be_called_title() -> None:
    schema = {
        "$defs": {"T": {"type": "string", "title": "T", "description": "…"}},
        "title": "X",
        "properties": {"title": {"$ref": "#/$defs/T"}, "description": {"type": "null"}},
    }
    assert normal(schema) == {"properties": {"title": {"type": "string"}, "description": {"type": "null"}}}
