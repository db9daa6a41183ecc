"""Deterministic identity: the same act has the same id, whoever computes it and whenever.

An id is UUIDv5 over the compact UTF-8 JSON array of its parts, kind first, in one fixed namespace
(RFC 9562, section 5.5). Nothing is normalised or trimmed. The golden vectors in
`docs/contract/ids.json` are part of the public contract.
"""

import orjson
import uuid_utils

NAMESPACE = uuid_utils.UUID("6f0d7a52-5c1e-5d0a-9b7e-0a4c51e7a9d3")


def direct_conversation_id(a: str, b: str) -> str:
    """The one conversation of two users; the order in which they are named does not matter."""
    low, high = sorted((a, b))  # str compares by code point
    return _uuid5("direct", low, high)


def group_conversation_id(creator: str, client_id: str | None) -> str:
    """A group as its creator's client named it; without a `client_id` a fresh one (UUIDv7)."""
    return fresh_id() if client_id is None else _uuid5("group", creator, client_id)


def message_id(conversation_id: str, sender: str, client_id: str | None) -> str:
    """A message as its sender's client named it; without a `client_id` a fresh one (UUIDv7)."""
    return fresh_id() if client_id is None else _uuid5("message", conversation_id, sender, client_id)


def fresh_id() -> str:
    """A new UUIDv7: unique, and ascending in time."""
    return str(uuid_utils.uuid7())


def _uuid5(*parts: str) -> str:
    return str(uuid_utils.uuid5(NAMESPACE, orjson.dumps(parts).decode()))
