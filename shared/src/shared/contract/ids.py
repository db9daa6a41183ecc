"""Deterministic ids: the same act has the same id, wherever and whenever it is computed.

An id is UUIDv5 over the compact UTF-8 JSON array of its parts, kind first, in one fixed namespace
(RFC 9562, section 5.5). Nothing is normalised or trimmed. The golden vectors in
`docs/contract/ids.json` are part of the public contract.
"""

import orjson
import uuid_utils

NAMESPACE = uuid_utils.UUID("6f0d7a52-5c1e-5d0a-9b7e-0a4c51e7a9d3")


def direct_conversation_id(a: str, b: str) -> str:
    """Return the id of the one direct conversation of two users, in whichever order."""
    low, high = sorted((a, b))  # str compares by code point
    return _uuid5("direct", low, high)


def group_conversation_id(creator: str, client_id: str | None) -> str:
    """Return the id of a group as its creator's client named it; without a `client_id` a new UUIDv7."""
    return fresh_id() if client_id is None else _uuid5("group", creator, client_id)


def message_id(conversation_id: str, sender: str, client_id: str | None) -> str:
    """Return the id of a message as its sender's client named it; without a `client_id` a new UUIDv7."""
    return fresh_id() if client_id is None else _uuid5("message", conversation_id, sender, client_id)


def fresh_id() -> str:
    """Return a new UUIDv7: unique, and ascending in time."""
    return str(uuid_utils.uuid7())


def _uuid5(*parts: str) -> str:
    return str(uuid_utils.uuid5(NAMESPACE, orjson.dumps(parts).decode()))
