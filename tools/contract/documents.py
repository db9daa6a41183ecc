"""All files of the contract, and how those checked in differ from them."""

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.contract import asyncapi, history, openapi
from tools.contract.schemas import ENTRIES, FROM_CLIENTS, TO_CLIENTS, accepted, type_of, written
from tools.contract.vectors import vectors
from tools.contract.white_space import spaces

SPACES = "white-space.json"


def documents(folder: Path) -> dict[Path, str]:
    """Return the text of every file as it should be; existing files of the history stay unchanged."""
    made: dict[str, Any] = {
        "chat.messages.asyncapi.json": asyncapi.topic(),
        "websocket.asyncapi.json": asyncapi.socket(),
        "ids.json": vectors(),
        SPACES: spaces(),
    }
    made |= {f"schemas/entries/{type_of(model)}.json": written(model) for model in ENTRIES}
    made |= {f"schemas/frames/to-client/{type_of(model)}.json": written(model) for model in TO_CLIENTS}
    made |= {f"schemas/frames/from-client/{type_of(model)}.json": accepted(model) for model in FROM_CLIENTS}
    added = history.addition(history.earlier(folder), history.present())
    made |= {f"history/{name}": shape for name, shape in added.items()}
    texts = {folder / name: _text(made[name], name == SPACES) for name in made}
    return texts | {folder / "openapi.json": openapi.document()}


def write(folder: Path) -> None:
    made = documents(folder)
    for path in _left_over(folder, made):
        path.unlink()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def stale(folder: Path) -> Iterator[str]:
    """Yield unified diffs of the files that differ."""
    made = documents(folder)
    for path in _left_over(folder, made):
        yield f"{path}: belongs to nothing any more"
    for path, text in made.items():
        there = path.read_text() if path.exists() else ""
        lines = (
            there.splitlines(),
            text.splitlines(),
            f"{path} (checked in)",
            f"{path} (made from the models)",
        )
        yield from difflib.unified_diff(*lines, lineterm="")


def _text(document: Any, is_escaped: bool) -> str:
    """Dump as JSON; `is_escaped`: escape all but ASCII, for invisible characters."""
    return json.dumps(document, indent=2, ensure_ascii=is_escaped) + "\n"


def _left_over(folder: Path, made: dict[Path, str]) -> list[Path]:
    there = {path for path in folder.rglob("*.json") if path.parent.name != "history"}
    return sorted(there - made.keys())
