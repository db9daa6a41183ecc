"""Golden vectors of ids: all implementations must compute the same, permanently."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.contract import ids

_CONVERSATION = ids.direct_conversation_id("alice", "bob")

_DIRECT = [
    ("alice", "bob"),
    ("bob", "alice"),
    ("Alice", "alice"),
    ("é", "e\u0301"),  # composed and decomposed are two users
    ("\ufffd", "😀"),  # by code point, not by UTF-16 unit: U+FFFD comes first
    ('say "hi"', "back\\slash/slash"),
    ("line\u2028separator", "zero\u200bwidth"),
    ("ß", "ẞ"),
    ("日本語", "עברית"),
    ("a" * 128, "b"),
]
_GROUP = [("alice", "c-1"), ("bob", "c-1"), ("alice", "🧑‍🚀"), ("alice", "null")]
_MESSAGE = [("alice", "c-1"), ("bob", "c-1"), ("alice", "c 1"), ("alice", "\u0130i"), ("😀", '"')]


def vectors() -> dict[str, Any]:
    """`json` is what is hashed, under the namespace, by UUIDv5."""
    direct = [(["direct", *sorted(pair)], ids.direct_conversation_id(*pair)) for pair in _DIRECT]
    group = [(["group", *pair], ids.group_conversation_id(*pair)) for pair in _GROUP]
    message = [(["message", _CONVERSATION, *pair], ids.message_id(_CONVERSATION, *pair)) for pair in _MESSAGE]
    return {
        "namespace": str(ids.NAMESPACE),
        "vectors": [_vector(parts, made) for parts, made in direct + group + message],
    }


def _vector(parts: list[str], made: str) -> dict[str, Any]:
    return {"json": json.dumps(parts, ensure_ascii=False, separators=(",", ":")), "id": made}


def changed(path: Path) -> Iterator[str]:
    """Return the vectors checked in at `path` whose ids are now computed differently."""
    known = json.loads(path.read_text()) if path.exists() else {"vectors": []}
    now = {vector["json"]: vector["id"] for vector in vectors()["vectors"]}
    for vector in known["vectors"]:
        if now.get(vector["json"]) != vector["id"]:
            yield f"{path}: {vector['json']} was {vector['id']}, is {now.get(vector['json'], 'gone')}"
