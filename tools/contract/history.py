"""Every shape that the entries of `chat.messages` have had: `history/0001.json`, `0002.json` …

A file is added when the shape changes and never altered: there may be readers that know it, and records
that were written like it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from tools.contract.compatibility import Schema, breaks, normal
from tools.contract.schemas import ENTRIES, type_of, written

Shape = dict[str, Schema]
"""Per type its normal schema."""


def present() -> Shape:
    return {type_of(model): normal(written(model)) for model in ENTRIES}


def earlier(folder: Path) -> dict[str, Shape]:
    """Return the shapes by file name, oldest first."""
    return {path.name: json.loads(path.read_text()) for path in sorted((folder / "history").glob("*.json"))}


def broken(shapes: dict[str, Shape], now: Shape) -> Iterator[str]:
    """Yield what could break readers that know one of `shapes`."""
    for name, shape in shapes.items():
        for kind, schema in shape.items():
            if kind not in now:
                yield f"history/{name}: {kind} is gone"
            else:
                yield from (f"history/{name}: {each}" for each in breaks(schema, now[kind], kind))


def addition(shapes: dict[str, Shape], now: Shape) -> dict[str, Shape]:
    """Return the file to be added; none when the last shape is the present one."""
    if shapes and list(shapes.values())[-1] == now:
        return {}
    return {f"{len(shapes) + 1:04}.json": now}
