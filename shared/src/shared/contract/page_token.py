"""`nextPage`: where the next page of conversations begins, opaque to clients."""

import base64

import orjson
from pydantic import TypeAdapter

from shared.contract.fields import Timestamp, Uuid

_adapter: TypeAdapter[tuple[str, str]] = TypeAdapter(tuple[Timestamp, Uuid])


def encode(updated_at: str, conversation_id: str) -> str:
    """Return the token of the page after this conversation."""
    return base64.urlsafe_b64encode(orjson.dumps([updated_at, conversation_id])).rstrip(b"=").decode()


def decode(token: str) -> tuple[str, str]:
    """Return `updatedAt` and `id` of the conversation before the page. Raises ValueError."""
    padded = token + "=" * (-len(token) % 4)
    return _adapter.validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
