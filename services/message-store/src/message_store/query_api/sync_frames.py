"""Frames of a sync page, encoded from rows of `read_sql.SYNC`: those that a live socket received for the same
entries, but for `isRead`, which is as of now."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from message_store.query_api.views import Reader, Row, message
from shared.contract.fields import MAX_LISTED_MEMBERS
from shared.http.problems import Problem


def encode_frame(row: Row, user: str) -> bytes:
    """Raises Problem (503) for a kind of entry that a newer projector wrote: this process is to be upgraded
    too, and the client comes back."""
    build = BUILDERS.get(row.kind)
    if build is None:
        raise Problem("unavailable", f"a newer release wrote an entry of kind {row.kind}")
    return orjson.dumps(build(row, user))


def _message(row: Row, user: str) -> dict[str, Any]:
    return message(row, row.conversation_id, Reader.of_row(user, row)) | {"type": "message"}


def _read(row: Row, _: str) -> dict[str, Any]:
    return {
        "conversationId": row.conversation_id,
        "userId": row.actor,
        "upTo": row.seq,
        "version": row.version,
        "type": "read",
    }


def _conversation(row: Row, _: str) -> dict[str, Any]:
    members = row.members or []
    return {
        "conversationId": row.conversation_id,
        "kind": row.conversation_kind,
        "title": row.title,
        "members": members[:MAX_LISTED_MEMBERS],
        "memberCount": len(members),
        "createdAt": row.started_at,
        "updatedAt": row.updated_at,
        "version": row.version,
        "type": "conversation",
    }


def _rejected(row: Row, _: str) -> dict[str, Any]:
    frame = {"conversationId": row.conversation_id, "id": row.subject}
    if row.rejected_client_id is not None:
        frame["clientId"] = row.rejected_client_id
    return frame | {"reason": row.reason, "type": "rejected"}


BUILDERS: Mapping[str, Callable[[Row, str], dict[str, Any]]] = {
    "message.sent": _message,
    "read.moved": _read,
    "conversation.started": _conversation,
    "member.added": _conversation,
    "member.removed": _conversation,
    "event.rejected": _rejected,
}
"""By kind of entry."""
