"""Whether a change could break a reader.

A reader that knows an earlier shape must be able to read everything of the later one: what is written now
has to be a special case of what was promised then, but for fields and types that are new; those it ignores.

(The library for this question, jsonsubschema, speaks draft 4 and answers yes or no; here it matters where.)
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_ANNOTATIONS = {"title", "description", "examples", "default", "$schema", "$defs"}
_SHRINKING = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
_GROWING = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
_STRUCTURE = {"type", "enum", "const", "properties", "required", "items", "anyOf"}


def normal(schema: Schema) -> Schema:
    """Return what readers can rely on: without annotations, with references inlined."""
    made: Schema = _inlined(schema, schema.get("$defs", {}))
    return made


def breaks(old: Schema, new: Schema, where: str = "") -> Iterator[str]:
    """Yield what could break a reader of `old` in `new`; both are normal."""
    if "anyOf" in old or "anyOf" in new:
        yield from _alternatives(old, new, where)
        return
    if old.get("type") not in (None, new.get("type")) and (old["type"], new.get("type")) != _WHOLE:
        yield f"{where}: was {old['type']}, is {new.get('type', 'anything')}"
        return
    yield from _values(old, new, where)
    yield from _bounds(old, new, where)
    yield from _fields(old, new, where)
    if "items" in old:
        yield from breaks(old["items"], new.get("items", {}), f"{where}[]")
    for keyword in sorted((old.keys() | new.keys()) - _STRUCTURE - _SHRINKING - _GROWING):
        if keyword in old and old[keyword] != new.get(keyword):
            yield f"{where}: {keyword} was {old[keyword]!r}, is {new.get(keyword)!r}"


_WHOLE = ("number", "integer")


def _inlined(schema: Any, definitions: Schema) -> Any:
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {
        key: {name: _inlined(each, definitions) for name, each in value.items()}
        if key == "properties"
        else _inlined(value, definitions)
        for key, value in schema.items()
        if key not in _ANNOTATIONS
    }


def _alternatives(old: Schema, new: Schema, where: str) -> Iterator[str]:
    known = old.get("anyOf", [old])
    for alternative in new.get("anyOf", [new]):
        if all(any(breaks(each, alternative)) for each in known):
            yield f"{where}: may now be {alternative}"


def _values(old: Schema, new: Schema, where: str) -> Iterator[str]:
    known, possible = _possible(old), _possible(new)
    if known is not None and possible is None:
        yield f"{where}: was one of {known}, may now be anything"
    elif known is not None and (added := [value for value in possible or [] if value not in known]):
        yield f"{where}: may now be {added}"


def _possible(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _bounds(old: Schema, new: Schema, where: str) -> Iterator[str]:
    for bound in sorted(old.keys() & (_SHRINKING | _GROWING)):
        if bound not in new:
            yield f"{where}: {bound} was {old[bound]}, is gone"
        elif new[bound] > old[bound] if bound in _SHRINKING else new[bound] < old[bound]:
            yield f"{where}: {bound} was {old[bound]}, is {new[bound]}"


def _fields(old: Schema, new: Schema, where: str) -> Iterator[str]:
    there = new.get("properties", {})
    for name, schema in old.get("properties", {}).items():
        if name not in there:
            yield f"{where}.{name}: is gone"
        else:
            yield from breaks(schema, there[name], f"{where}.{name}")
    for name in old.get("required", ()):
        if name in there and name not in new.get("required", ()):
            yield f"{where}.{name}: was always there, may now be absent"
