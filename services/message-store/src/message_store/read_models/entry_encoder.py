"""Entries and rejections as records of `chat.messages`, byte for byte as their models would write them.

The projector spends most of its time here, so the data are plain dicts. What goes in was validated when the
event was read; tests hold what comes out against the models, field by field, over every story.
"""

from typing import Any

import orjson

from message_store.domain.events.registry import KIND_OF_ENTRY
from message_store.domain.fold import FoldResult
from message_store.domain.outcomes import Duplicate, Rejected, Skipped
from shared.contract.position import Position

REJECTED_TYPE = "chat.event.rejected.v1"


def encode_entry(result: FoldResult, epoch: str, source: str) -> bytes:
    """Return the entry or rejection as JSON. Raises ValueError for an outcome that is not published."""
    match result.outcome:
        case Duplicate() | Skipped():
            raise ValueError("duplicates and skipped events are not published")
        case Rejected(reason):
            entry_type, data = REJECTED_TYPE, _rejection_fields(result, reason)
        case entry:
            kind = KIND_OF_ENTRY[type(entry)]
            entry_type, data = kind.ENTRY_TYPE, kind.data(entry, result.conversation)
    envelope = {
        "specversion": "1.0",
        "id": str(Position(epoch, result.partition, result.offset)),
        "source": source,
        "subject": result.key,
        "time": result.time,
        "datacontenttype": "application/json",
        "actor": result.actor,
        "type": entry_type,
        "data": {"audience": result.audience, **data},
    }
    return orjson.dumps(envelope)


def _rejection_fields(result: FoldResult, reason: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"conversationId": result.conversation_id, "id": result.subject_id}
    if result.client_id is not None:
        fields["clientId"] = result.client_id
    return {**fields, "reason": reason}
