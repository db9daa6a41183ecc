"""Messages and conversations as JSON objects, from rows of `read_sql`: hand-written for speed, tested against
their models in `contract.frames` field by field."""

from typing import Any, NamedTuple, Self

from shared.contract import page_token
from shared.contract.fields import MAX_READ_RECEIPT_MEMBERS
from shared.http.problems import Problem

Row = Any
"""A named tuple of a statement's columns."""


class Reader(NamedTuple):
    """The caller, and up to which seq `isRead` is true."""

    user: str
    others_messages: int
    own_messages: int

    @classmethod
    def of(cls, user: str, read_seq: int | None, member_count: int, others_read_seq: int | None) -> Self:
        """`read_seq`: the caller's, None if no member; `others_read_seq`: the least of all other members."""
        own_messages = 0 if member_count > MAX_READ_RECEIPT_MEMBERS else others_read_seq or 0
        return cls(user, read_seq or 0, own_messages)

    @classmethod
    def of_row(cls, user: str, row: Row) -> Self:
        return cls.of(user, row.read_seq, row.member_count, row.others_read_seq)


class MessageRow(NamedTuple):
    """The columns of a message; rows that have them serve as well."""

    id: str
    seq: int
    sender_id: str
    text: str
    created_at: str
    version: int
    client_id: str | None


def message(row: Row, conversation_id: str, reader: Reader) -> dict[str, Any]:
    """The Message that the reader sees; `row` as MessageRow."""
    view = {
        "id": row.id,
        "conversationId": conversation_id,
        "seq": row.seq,
        "senderId": row.sender_id,
        "text": row.text,
        "createdAt": row.created_at,
        "version": row.version,
    }
    if row.client_id is not None:
        view["clientId"] = row.client_id
    own = row.sender_id == reader.user
    view["isRead"] = row.seq <= (reader.own_messages if own else reader.others_messages)
    return view


def conversation(row: Row, user: str) -> dict[str, Any]:
    """The Conversation that `user` sees; `row` as CONVERSATION selects it."""
    view: dict[str, Any] = {"id": row.id, "kind": row.kind, "title": row.title}
    if row.kind == "direct":
        view["peerId"] = next((member for member in row.members if member != user), user)
    return view | {
        "members": row.members,
        "memberCount": row.member_count,
        "lastMessage": _last_message(row, user),
        "lastSeq": row.last_seq,
        "readSeq": row.read_seq,
        "unreadCount": row.last_seq - row.read_seq,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
        "version": row.version,
    }


def _last_message(row: Row, user: str) -> dict[str, Any] | None:
    if row.message_id is None:
        return None
    last = MessageRow(
        id=row.message_id,
        seq=row.message_seq,
        sender_id=row.message_sender_id,
        text=row.message_text,
        created_at=row.message_created_at,
        version=row.message_version,
        client_id=row.message_client_id,
    )
    return message(last, row.id, Reader.of_row(user, row))


def next_page(view: dict[str, Any]) -> str:
    """The token of the page after this conversation."""
    return page_token.encode(view["updatedAt"], view["id"])


def parse_page_token(token: str) -> tuple[str, str]:
    """`updatedAt` and `id` of the conversation before the page. Raises Problem(invalid)."""
    try:
        return page_token.decode(token)
    except ValueError:
        raise Problem("invalid", "page: is not a `nextPage`") from None
